//! The sources of a proposal: which objects stand where.

use super::{SourceFile, kustomize, yaml};
use crate::error::{Fault, shorten};

/// Largest file that is read: 16 MiB. No manifest is near it.
const BYTES_MAX: usize = 16 << 20;

/// A source that was read.
#[derive(Debug)]
pub(super) struct Source<'a> {
    pub path: &'a str,
    pub text: &'a str,
    /// The bytes of a file that has no text.
    raw: &'a [u8],
    /// Objects, for YAML files that parse and are no templates.
    pub objects: Vec<yaml::ObjectRef>,
    /// Why its objects are not known.
    pub opaque: Option<&'static str>,
}

/// All sources, by path.
#[derive(Debug)]
pub(super) struct Sources<'a>(Vec<Source<'a>>);

/// Where an object was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub source: &'a Source<'a>,
    pub object: &'a yaml::ObjectRef,
}

fn is_yaml(path: &str) -> bool {
    path.ends_with(".yaml") || path.ends_with(".yml")
}

impl Source<'_> {
    /// Whether it holds a name, in any encoding that keeps ASCII or writes it in two bytes.
    fn mentions(&self, name: &str) -> bool {
        let holds = |wanted: &[u8]| {
            !wanted.is_empty() && self.raw.windows(wanted.len()).any(|window| window == wanted)
        };
        // Without the last zero, which the other order of bytes does not have.
        let wide: Vec<u8> = name.bytes().flat_map(|byte| [byte, 0]).collect();
        let wide = wide.get(..wide.len().saturating_sub(1)).unwrap_or_default();
        self.text.contains(name) || holds(name.as_bytes()) || holds(wide)
    }
}

impl<'a> Sources<'a> {
    /// Reads the files. One that is no UTF-8 or too large is opaque: it matters only where it may hold what is sought.
    pub fn read(files: &'a [SourceFile]) -> Self {
        let mut sources: Vec<Source<'a>> = files.iter().map(read).collect();
        sources.sort_by_key(|source| source.path);
        // A patch names an object that stands elsewhere.
        let patches: Vec<String> = sources.iter().flat_map(kustomize::patches).collect();
        for source in &mut sources {
            if patches.iter().any(|path| path == source.path) {
                source.objects.clear();
            }
        }
        Self(sources)
    }

    pub fn iter(&self) -> impl Iterator<Item = &Source<'a>> {
        self.0.iter()
    }

    pub fn get(&self, path: &str) -> Option<&Source<'a>> {
        self.0.iter().find(|source| source.path == path)
    }

    /// The one object that `wanted` accepts.
    pub fn object(&self, name: &str, wanted: impl Fn(&yaml::ObjectRef) -> bool) -> Result<Place<'_>, Fault> {
        let all = self.0.iter().flat_map(|source| source.objects.iter().map(move |object| (source, object)));
        let found: Vec<_> = all.filter(|(_, object)| wanted(object)).collect();
        match found.as_slice() {
            [(source, object)] => Ok(Place { source, object }),
            [] => Err(self.missing(name)),
            many => {
                let paths: Vec<&str> = many.iter().map(|(source, _)| source.path).collect();
                let problem = format!(
                    "`{}` is in {} documents: {}",
                    shorten(name),
                    many.len(),
                    shorten(&paths.join(", "))
                );
                Err(Fault::new(
                    "change.ambiguous",
                    "sources",
                    problem,
                    "give fewer sources, or map the values of the chart",
                ))
            }
        }
    }

    /// Nothing was found: perhaps because a file that names it cannot be read.
    fn missing(&self, name: &str) -> Fault {
        let hidden = self.0.iter().find(|source| source.opaque.is_some() && source.mentions(name));
        let Some((source, code)) = hidden.and_then(|source| source.opaque.map(|code| (source, code))) else {
            let problem = format!("`{}` is in no source", shorten(name));
            return Fault::new("change.not_found", "sources", problem, "give the file that holds it");
        };
        let problem = format!("`{}` may be in a file that is not edited", shorten(name));
        Fault::new(code, source.path, problem, "map the value to the chart's values file, or edit it by hand")
    }
}

fn read(file: &SourceFile) -> Source<'_> {
    let path = file.path.as_str();
    let source = |text| Source { path, text, raw: &[], objects: Vec::new(), opaque: None };
    let unread = |code| Source { raw: &file.bytes, opaque: Some(code), ..source("") };
    let Ok(text) = std::str::from_utf8(&file.bytes) else { return unread("change.source_not_utf8") };
    if text.len() > BYTES_MAX {
        return unread("change.too_large");
    }
    if !is_yaml(path) {
        return source(text);
    }
    match yaml::objects(text) {
        Ok(objects) => Source { objects, ..source(text) },
        Err(fault) => Source { opaque: Some(fault.code()), ..source(text) },
    }
}
