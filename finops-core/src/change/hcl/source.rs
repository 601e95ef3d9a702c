//! Terraform files, read once, and the blocks in them.

use crate::error::{Fault, shorten};
use hcl_edit::{
    expr::Expression,
    structure::{Block, Body},
};
use std::collections::BTreeMap;

/// Files of one or more modules.
#[derive(Debug)]
pub struct Sources<'a> {
    files: Vec<File<'a>>,
    unread: Vec<String>,
}

#[derive(Debug)]
pub(super) struct File<'a> {
    pub path: &'a str,
    pub text: &'a str,
    pub body: Body,
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
        let mut sources = Self { files: Vec::new(), unread: Vec::new() };
        for (path, text) in files {
            if path.ends_with(".tf.json") {
                sources.unread.push((*path).to_owned());
            } else if path.ends_with(".tf") {
                match hcl_edit::parser::parse_body(text) {
                    Ok(body) => sources.files.push(File { path, text, body }),
                    Err(_) => sources.unread.push((*path).to_owned()),
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
                    self.unread.join("`, `")
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

    /// The whole number that an attribute of the resource is set to, where it is a literal.
    #[must_use]
    pub fn number(&self, finder: Finder<'_>, path: &str) -> Option<i64> {
        let block = self.block(self.find(finder).ok()?)?;
        let mut steps: Vec<&str> = path.split('.').collect();
        let attribute = steps.pop()?;
        let body = steps
            .into_iter()
            .try_fold(&block.body, |body, step| body.get_blocks(step).next().map(|block| &block.body))?;
        body.get_attribute(attribute)?.value.as_number()?.as_i64()
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
    let tags = block.body.get_attribute("tags")?.value.as_object()?;
    tags.iter().find_map(|(key, value)| {
        let ident = key.as_ident().map(|ident| ident.as_str());
        let name = ident.or_else(|| key.as_expr().and_then(Expression::as_str));
        (name == Some("Name")).then(|| value.expr().as_str()).flatten()
    })
}
