//! YAML through saphyr: a second reader, so that one parser's bug cannot approve itself.

use crate::corpus;
use finops_core::change::yaml::Set;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::iter::Peekable;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    /// Anchor and tag.
    properties: (usize, Option<String>),
    value: Value,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Value {
    /// Text, and whether it is plain.
    Scalar(String, bool),
    List(Vec<Tree>),
    Map(Vec<(Tree, Tree)>),
    Alias(usize),
}

impl Tree {
    fn new(value: Value) -> Self {
        Self { properties: (0, None), value }
    }

    fn plain(text: &str) -> Self {
        Self::new(Value::Scalar(text.to_owned(), true))
    }

    fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text, _) => Some(text),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, true) if matches!(text.as_str(), "" | "~" | "null"))
    }

    fn get(&self, key: &str) -> Option<&Self> {
        let Value::Map(entries) = &self.value else { return None };
        entries.iter().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value)
    }

    fn get_mut(&mut self, key: &str) -> Option<&mut Self> {
        let Value::Map(entries) = &mut self.value else { return None };
        entries.iter_mut().find(|(known, _)| known.text() == Some(key)).map(|(_, value)| value)
    }

    fn items_mut(&mut self) -> &mut [Self] {
        match &mut self.value {
            Value::List(items) => items,
            _ => &mut [],
        }
    }

    fn named(&self, key: &str) -> Option<&str> {
        self.get("metadata")?.get(key)?.text()
    }

    /// The namespace that is written; nothing written is none, as an API server reads it.
    fn namespace(&self) -> Option<&str> {
        self.named("namespace").filter(|namespace| !namespace.is_empty())
    }

    /// Sets a path, with the mappings that are missing; nothing where the path has no place.
    /// In JSON what is new stands in quotes, but for numbers.
    fn set(&mut self, path: &[String], value: &str, json: bool) -> Option<()> {
        let Some((key, rest)) = path.split_first() else {
            let quoted = matches!(self.value, Value::Scalar(_, false));
            let plain = !quoted && (!json || value.parse::<i64>().is_ok());
            self.value = Value::Scalar(value.to_owned(), plain);
            return Some(());
        };
        if let (Value::List(items), Ok(index)) = (&mut self.value, key.parse::<usize>()) {
            return items.get_mut(index)?.set(rest, value, json);
        }
        if self.is_null() {
            self.value = Value::Map(Vec::new());
        }
        if self.get(key).is_none()
            && let Value::Map(entries) = &mut self.value
        {
            entries.push((Self::new(Value::Scalar(key.clone(), !json)), Self::plain("~")));
        }
        self.get_mut(key)?.set(rest, value, json)
    }
}

/// The documents of a text that say something; an error in the parser's words.
pub fn read(text: &str) -> Result<Vec<Tree>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut events = Vec::new();
    for event in Parser::new_from_str(text) {
        events.push(event.map_err(|error| error.to_string())?.0);
    }
    let mut events = events.into_iter().peekable();
    let mut documents = Vec::new();
    while let Some(event) = events.next() {
        if let Event::DocumentStart(_) = event {
            documents.push(tree(&mut events));
        }
    }
    documents.retain(|document| !document.is_null());
    Ok(documents)
}

fn tree<'i>(events: &mut Peekable<impl Iterator<Item = Event<'i>>>) -> Tree {
    let tag = |tag: Option<std::borrow::Cow<'_, saphyr_parser::Tag>>| tag.map(|tag| tag.to_string());
    match events.next() {
        Some(Event::Alias(id)) => Tree::new(Value::Alias(id)),
        Some(Event::Scalar(text, style, anchor, of)) => Tree {
            properties: (anchor, tag(of)),
            value: Value::Scalar(text.into_owned(), style == ScalarStyle::Plain),
        },
        Some(Event::SequenceStart(anchor, of)) => {
            let mut items = Vec::new();
            while !matches!(events.peek(), Some(Event::SequenceEnd) | None) {
                items.push(tree(events));
            }
            events.next();
            Tree { properties: (anchor, tag(of)), value: Value::List(items) }
        }
        Some(Event::MappingStart(anchor, of)) => {
            let mut entries = Vec::new();
            while !matches!(events.peek(), Some(Event::MappingEnd) | None) {
                let key = tree(events);
                entries.push((key, tree(events)));
            }
            events.next();
            Tree { properties: (anchor, tag(of)), value: Value::Map(entries) }
        }
        _ => Tree::plain(""),
    }
}

/// Whether `object` is the one that a target of the corpus names.
fn is(object: &Tree, target: &str) -> bool {
    let [kind, namespace, name, _] = corpus::parts(target);
    object.get("kind").and_then(Tree::text) == kind
        && object.named("name") == name
        && object.namespace().is_none_or(|own| namespace.is_none_or(|wanted| own == wanted))
}

/// The objects that a target names; those that name its namespace before those that name none.
fn objects<'t>(documents: &'t mut [Tree], target: &str) -> Vec<&'t mut Tree> {
    let mut found = Vec::new();
    for document in documents {
        if is(document, target) {
            found.push(document);
        } else if document.get("kind").and_then(Tree::text).is_some_and(|kind| kind.ends_with("List"))
            && let Some(items) = document.get_mut("items")
        {
            found.extend(items.items_mut().iter_mut().filter(|item| is(item, target)));
        }
    }
    found.sort_by_key(|object| object.namespace().is_none());
    found
}

/// What the old documents say with the settings made, found without any help of the code under test.
pub fn with_sets(old: &[Tree], target: &str, sets: &[Set], json: bool) -> Option<Vec<Tree>> {
    let mut documents = old.to_vec();
    let [kind, _, _, container] = corpus::parts(target);
    let mut at = if target == "values" {
        documents.first_mut()?
    } else {
        objects(&mut documents, target).into_iter().next()?
    };
    if let Some(container) = container {
        let way: &[&str] = match kind {
            Some("Pod") => &["spec"],
            Some("CronJob") => &["spec", "jobTemplate", "spec", "template", "spec"],
            _ => &["spec", "template", "spec"],
        };
        at = way.iter().try_fold(at, |at, key| at.get_mut(key))?;
        let has = |list: &Tree| {
            let Value::List(items) = &list.value else { return false };
            items.iter().any(|item| item.get("name").and_then(Tree::text) == Some(container))
        };
        let list = ["containers", "initContainers"].into_iter().find(|list| at.get(list).is_some_and(has));
        at = at.get_mut(list?)?;
        let named = |item: &&mut Tree| item.get("name").and_then(Tree::text) == Some(container);
        at = at.items_mut().iter_mut().find(named)?;
    }
    sets.iter().try_for_each(|set| at.set(&set.path, &set.value, json))?;
    Some(documents)
}

/// What the old documents say without the one that a target names.
pub fn without(old: &[Tree], target: &str) -> Vec<Tree> {
    old.iter().filter(|document| !is(document, target)).cloned().collect()
}

/// Checks with the second reader that a new text says what the task meant, and nothing else.
pub fn check(old: &str, new: &str, target: &str, task: &str) -> Result<(), String> {
    let before = read(old).map_err(|error| format!("the old text: {error}"))?;
    let after = read(new).map_err(|error| format!("the new text: {error}"))?;
    let json = old.trim_start_matches('\u{feff}').trim_start().starts_with('{');
    let wanted = if task == "remove" {
        without(&before, target)
    } else {
        with_sets(&before, target, &corpus::sets(task), json)
            .ok_or("the second reader finds no such place")?
    };
    if wanted == after { Ok(()) } else { Err(format!("wanted {wanted:#?}\nfound {after:#?}")) }
}
