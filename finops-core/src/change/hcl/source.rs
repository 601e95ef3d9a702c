//! Terraform files, read once, and the blocks in them.

use crate::{
    change::Edit,
    error::{Fault, shorten},
};
use hcl_edit::{
    expr::{Expression, Object, ObjectKey},
    structure::{Block, Body},
};
use std::collections::BTreeMap;

/// Files of one or more modules.
#[derive(Debug)]
pub struct Sources<'a> {
    files: Vec<File<'a>>,
    /// Path and text of what does not parse.
    unread: Vec<(&'a str, &'a str)>,
    /// Files that give variables their values.
    values: Vec<File<'a>>,
}

/// The mark that some editors put before the first byte; it is no part of HCL.
const BYTE_ORDER_MARK: char = '\u{feff}';

#[derive(Debug)]
pub(super) struct File<'a> {
    pub path: &'a str,
    /// The text without a byte order mark: places are those in it.
    pub text: &'a str,
    /// Whether a byte order mark stands before it.
    pub marked: bool,
    pub body: Body,
}

impl<'a> File<'a> {
    fn read(path: &'a str, text: &'a str) -> Option<Self> {
        let plain = text.strip_prefix(BYTE_ORDER_MARK);
        let (marked, text) = (plain.is_some(), plain.unwrap_or(text));
        Some(Self { path, text, marked, body: hcl_edit::parser::parse_body(text).ok()? })
    }

    /// A new text and its edits as they are in the file.
    pub fn in_file(&self, text: String, mut edits: Vec<Edit>) -> (String, Vec<Edit>) {
        if !self.marked {
            return (text, edits);
        }
        let shift = |at: usize| at.saturating_add(BYTE_ORDER_MARK.len_utf8());
        for edit in &mut edits {
            edit.range = shift(edit.range.start)..shift(edit.range.end);
        }
        (format!("{BYTE_ORDER_MARK}{text}"), edits)
    }
}

/// A folder of files that Terraform reads as one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Module(String);

impl Module {
    pub(super) fn of(path: &str) -> Self {
        Self(path.rsplit_once('/').map_or_else(String::new, |(folder, _)| folder.to_owned()))
    }

    /// The folder that a relative `source` names, seen from this one.
    fn join(&self, source: &str) -> Self {
        let mut parts: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in source.split('/') {
            match part {
                "" | "." => {}
                ".." => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        Self(parts.join("/"))
    }
}

/// Which block is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finder<'a> {
    /// By address: `aws_ebs_volume.data`, `module.storage.aws_ebs_volume.data`.
    Address(&'a str),
    /// By the literal value of an attribute: a node group's `node_group_name`.
    Attribute {
        /// Type of the resource.
        resource_type: &'a str,
        /// Name of the attribute.
        name: &'a str,
        /// Its value.
        value: &'a str,
    },
    /// By the tag `Name`.
    NameTag {
        /// Type of the resource.
        resource_type: &'a str,
        /// The tag's value.
        value: &'a str,
    },
}

/// A block that was found: the file and the place of the block in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub file: usize,
    pub structure: usize,
}

impl<'a> Sources<'a> {
    /// Reads the `.tf` files among `files` (path and text). What does not parse is left out, and named where the search
    /// then finds nothing.
    #[must_use]
    pub fn read(files: &[(&'a str, &'a str)]) -> Self {
        let mut sources = Self { files: Vec::new(), unread: Vec::new(), values: Vec::new() };
        for (path, text) in files {
            let values = path.ends_with(".tfvars");
            if path.ends_with(".tf.json") || path.ends_with(".tfvars.json") {
                sources.unread.push((path, text));
            } else if path.ends_with(".tf") || values {
                match File::read(path, text) {
                    Some(file) if values => sources.values.push(file),
                    Some(file) => sources.files.push(file),
                    None => sources.unread.push((path, text)),
                }
            }
        }
        sources
    }

    pub(super) fn file(&self, index: usize) -> Option<&File<'a>> {
        self.files.get(index)
    }

    pub(super) fn files(&self) -> impl Iterator<Item = (usize, &File<'a>)> {
        self.files.iter().enumerate()
    }

    pub(super) fn block(&self, found: Found) -> Option<&Block> {
        self.files.get(found.file)?.body.get(found.structure)?.as_block()
    }

    /// The one resource that is meant.
    pub(super) fn find(&self, finder: Finder<'_>) -> Result<Found, Fault> {
        let (label, found) = match finder {
            Finder::Address(address) => (address, self.by_address(address)?),
            Finder::Attribute { resource_type, name, value } => {
                let has = |block: &Block| {
                    let attribute = block.body.get_attribute(name);
                    attribute.and_then(|attribute| attribute.value.as_str()) == Some(value)
                };
                (value, self.resources(|_, block| is_type(block, resource_type) && has(block)))
            }
            Finder::NameTag { resource_type, value } => {
                let has = |block: &Block| name_tag(block) == Some(value);
                (value, self.resources(|_, block| is_type(block, resource_type) && has(block)))
            }
        };
        match found.as_slice() {
            [one] => Ok(*one),
            [] if self.unread.is_empty() => {
                let problem = format!("`{}` is in no source", shorten(label));
                Err(Fault::new("change.not_found", "target", problem, "name a resource of the sources"))
            }
            [] => {
                let problem = format!(
                    "`{}` is in no file that can be read; `{}` cannot",
                    shorten(label),
                    self.unread.iter().map(|(path, _)| *path).collect::<Vec<_>>().join("`, `")
                );
                Err(Fault::new("change.unsupported_format", "target", problem, "give Terraform files in HCL"))
            }
            many => {
                let problem = format!("`{}` is in {} places", shorten(label), many.len());
                Err(Fault::new("change.ambiguous", "target", problem, "give the address, or fewer sources"))
            }
        }
    }

    /// Whether the sources hold what is meant.
    #[must_use]
    pub fn exists(&self, finder: Finder<'_>) -> bool {
        // Several, or one that cannot be addressed, are there too: the edit then says what is wrong.
        !matches!(self.find(finder), Err(fault) if matches!(fault.code(), "change.not_found" | "change.unsupported_format"))
    }

    /// The file of the resource.
    #[must_use]
    pub fn path(&self, finder: Finder<'_>) -> Option<&'a str> {
        let found = self.find(finder).ok()?;
        Some(self.file(found.file)?.path)
    }

    /// The text that an attribute of the resource is set to, where it is a literal.
    #[must_use]
    pub fn text(&self, finder: Finder<'_>, attribute: &str) -> Option<&str> {
        let block = self.block(self.find(finder).ok()?)?;
        block.body.get_attribute(attribute)?.value.as_str()
    }

    /// The whole number that an attribute of the resource is set to, where it is a literal or leads to one.
    #[must_use]
    pub fn number(&self, finder: Finder<'_>, path: &str) -> Option<i64> {
        let found = self.find(finder).ok()?;
        let block = self.block(found)?;
        let mut steps: Vec<&str> = path.split('.').collect();
        let attribute = steps.pop()?;
        let body = steps
            .into_iter()
            .try_fold(&block.body, |body, step| body.get_blocks(step).next().map(|block| &block.body))?;
        let (_, literal) =
            super::edit::follow(self, found, &body.get_attribute(attribute)?.value, path).ok()?;
        literal.as_number()?.as_i64()
    }

    fn resources(&self, wanted: impl Fn(&File<'_>, &Block) -> bool) -> Vec<Found> {
        let mut found = Vec::new();
        for (file, source) in self.files() {
            for (structure, block) in source.body.iter().enumerate() {
                let Some(block) = block.as_block() else { continue };
                if block.has_ident("resource") && wanted(source, block) {
                    found.push(Found { file, structure });
                }
            }
        }
        found
    }

    fn by_address(&self, address: &str) -> Result<Vec<Found>, Fault> {
        let mut parts: Vec<&str> = address.split('.').collect();
        let mut module = None;
        while let ["module", name, ..] = parts.as_slice() {
            module = Some(self.module(module.as_ref(), name)?);
            parts.drain(..2);
        }
        let [resource_type, name] = parts.as_slice() else { return Ok(Vec::new()) };
        let (resource_type, name) = (*resource_type, *name);
        if name.contains('[') {
            let problem = format!("`{}` is one of several that a count or for_each makes", shorten(address));
            return Err(Fault::new("change.not_literal", "target", problem, "edit what makes them by hand"));
        }
        Ok(self.resources(|file, block| {
            block.has_exact_labels(&[resource_type, name])
                && module.as_ref().is_none_or(|module| Module::of(file.path) == *module)
        }))
    }

    /// The folder of a module that the sources call with a relative path.
    fn module(&self, parent: Option<&Module>, name: &str) -> Result<Module, Fault> {
        let mut calls = Vec::new();
        for (_, file) in self.files() {
            let here = Module::of(file.path);
            if parent.is_some_and(|parent| *parent != here) {
                continue;
            }
            let blocks = file.body.get_blocks("module").filter(|block| block.has_exact_labels(&[name]));
            calls.extend(blocks.map(|block| (here.clone(), block)));
        }
        let not_literal = |problem: String| {
            Fault::new(
                "change.not_literal",
                "target",
                problem,
                "edit the module that makes the resource by hand",
            )
        };
        let [(here, block)] = calls.as_slice() else {
            return Err(not_literal(format!("module `{}` is called {} times", shorten(name), calls.len())));
        };
        if repeated(block) {
            return Err(not_literal(format!("module `{}` is made several times", shorten(name))));
        }
        let source = block.body.get_attribute("source").and_then(|source| source.value.as_str());
        match source.filter(|source| source.starts_with("./") || source.starts_with("../")) {
            Some(source) => Ok(here.join(source)),
            None => Err(not_literal(format!("module `{}` is not among the sources", shorten(name)))),
        }
    }

    /// Every literal `default` or local value of this name in a module: the file, and the place of its literal.
    pub(super) fn definition(&self, module: &Module, root: &str, name: &str) -> Vec<(usize, &Expression)> {
        let mut found = Vec::new();
        for (index, file) in self.files().filter(|(_, file)| Module::of(file.path) == *module) {
            if root == "var" {
                let blocks = file.body.get_blocks("variable").filter(|block| block.has_exact_labels(&[name]));
                let defaults = blocks.filter_map(|block| block.body.get_attribute("default"));
                found.extend(defaults.map(|default| (index, &default.value)));
            } else {
                let locals =
                    file.body.get_blocks("locals").filter_map(|block| block.body.get_attribute(name));
                found.extend(locals.map(|local| (index, &local.value)));
            }
        }
        found
    }

    /// Whether a file that does not parse, or is no HCL, holds a text.
    #[must_use]
    pub fn unread_mentions(&self, address: &str) -> bool {
        self.unread.iter().any(|(_, text)| text.contains(address))
    }

    /// Whether a variable of a module gets its value elsewhere: from a file of values, or from who calls the module.
    pub(super) fn is_given(&self, module: &Module, name: &str) -> bool {
        // A folder of values alone is for whoever names it (`-var-file`).
        let here = |file: &&File<'_>| {
            let folder = Module::of(file.path);
            folder == *module || self.files.iter().all(|file| Module::of(file.path) != folder)
        };
        let in_values = self.values.iter().filter(here).any(|file| file.body.has_attribute(name));
        let unread = self.unread.iter().any(|(path, text)| path.contains(".tfvars") && text.contains(name));
        let called = self.files.iter().any(|file| {
            let caller = Module::of(file.path);
            file.body.get_blocks("module").any(|block| {
                let source = block.body.get_attribute("source").and_then(|source| source.value.as_str());
                block.body.has_attribute(name)
                    && source.is_some_and(|source| source.starts_with('.') && caller.join(source) == *module)
            })
        });
        in_values || unread || called
    }

    /// Resource addresses by the ids that `terraform show -json` prints for them.
    #[must_use]
    pub fn address_of<'m>(ids: &'m BTreeMap<String, String>, id: &str) -> Option<&'m str> {
        let mut addresses =
            ids.iter().filter(|(_, known)| known.as_str() == id).map(|(address, _)| address.as_str());
        addresses.next().filter(|_| addresses.next().is_none())
    }
}

fn is_type(block: &Block, resource_type: &str) -> bool {
    block.labels.first().is_some_and(|label| label.as_str() == resource_type)
}

/// Whether a block makes any number of things but one.
pub(super) fn repeated(block: &Block) -> bool {
    block.body.has_attribute("count") || block.body.has_attribute("for_each")
}

fn name_tag(block: &Block) -> Option<&str> {
    let is_name = |key: &ObjectKey| {
        let ident = key.as_ident().map(|ident| ident.as_str());
        ident.or_else(|| key.as_expr().and_then(Expression::as_str)) == Some("Name")
    };
    let named = |tags: &'_ Object| tags.iter().any(|(key, _)| is_name(key));
    let tags = &block.body.get_attribute("tags")?.value;
    let tags = match tags.as_func_call() {
        // Of what is merged the last one counts; behind it nothing unknown may follow.
        Some(call) if call.name.name.as_str() == "merge" && call.name.namespace.is_empty() => {
            let arguments: Vec<Option<&Object>> = call.args.iter().map(Expression::as_object).collect();
            arguments.into_iter().rev().find(|argument| argument.is_none_or(named))??
        }
        _ => tags.as_object()?,
    };
    tags.iter().find_map(|(key, value)| is_name(key).then(|| value.expr().as_str()).flatten())
}
