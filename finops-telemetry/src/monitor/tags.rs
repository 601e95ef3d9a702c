//! Which metadata becomes tags: the strings that drive roll-ups, budgets and exposition.

use finops_core::{error::ConfigError, money::decimal};
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// The tags that are read without configuration.
pub const DEFAULT_TAGS: [&str; 4] = ["team", "feature", "environment", "user"];
/// Other spellings of the default tags: the metadata key and the tag it fills.
pub const DEFAULT_ALIASES: [(&str, &str); 2] = [("env", "environment"), ("user_id", "user")];

/// The names of the tags, in order, and the metadata keys that fill them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TagSchema {
    names: Vec<Arc<str>>,
    /// A metadata key and the place of its tag: names before aliases, so that a name wins.
    keys: Vec<(Arc<str>, usize)>,
}

impl TagSchema {
    /// The tags `tags` and `aliases` (metadata key to tag), or the defaults, and whatever `budgets` needs.
    ///
    /// # Errors
    /// `config.invalid`: a blank or repeated tag, or an alias of a tag that is not listed.
    pub fn new<'a>(
        tags: Option<&[String]>,
        aliases: Option<&BTreeMap<String, String>>,
        budgets: impl IntoIterator<Item = &'a str>,
    ) -> Result<Self, ConfigError> {
        let mut names: Vec<Arc<str>> = Vec::new();
        match tags {
            None => names.extend(DEFAULT_TAGS.map(Arc::from)),
            Some(tags) => {
                for tag in tags {
                    if tag.trim().is_empty() {
                        return Err(ConfigError::new("tags", tag, "a blank tag", "name every tag"));
                    }
                    if names.iter().any(|name| **name == **tag) {
                        return Err(ConfigError::new("tags", tag, "listed twice", "list every tag once"));
                    }
                    names.push(Arc::from(tag.as_str()));
                }
            }
        }
        let listed = names.len();
        // Budgets name their keys in any order; the order of tags must not depend on it.
        let extra: std::collections::BTreeSet<&str> = budgets.into_iter().collect();
        for name in extra {
            if !names.iter().any(|known| **known == *name) {
                names.push(Arc::from(name));
            }
        }
        let mut keys: Vec<(Arc<str>, usize)> =
            names.iter().enumerate().map(|(place, name)| (Arc::clone(name), place)).collect();
        let place = |tag: &str| names.iter().position(|name| **name == *tag);
        let mut alias = |key: &str, place: usize| {
            if !keys.iter().any(|(known, _)| **known == *key) {
                keys.push((Arc::from(key), place));
            }
        };
        match aliases {
            None => {
                for (key, tag) in DEFAULT_ALIASES {
                    if let Some(place) = place(tag) {
                        alias(key, place);
                    }
                }
            }
            Some(aliases) => {
                for (key, tag) in aliases {
                    let place = place(tag).ok_or_else(|| {
                        ConfigError::new(
                            "tag_aliases",
                            tag,
                            "not one of the tags",
                            "list it in `tags`, or leave the alias out",
                        )
                    })?;
                    alias(key, place);
                }
            }
        }
        debug_assert!(listed <= names.len());
        Ok(Self { names, keys })
    }

    /// The names of the tags, in the order in which keys, rows and labels show them.
    #[must_use]
    pub fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The metadata keys to look up, in order of precedence, each with the place of its tag in [`TagSchema::names`].
    #[must_use]
    pub fn keys(&self) -> &[(Arc<str>, usize)] {
        &self.keys
    }

    /// The place of the tag `name`.
    #[must_use]
    pub fn place(&self, name: &str) -> Option<usize> {
        self.names.iter().position(|known| **known == *name)
    }

    /// The tags of a call by name, those that it has.
    #[must_use]
    pub fn pairs<'a>(&'a self, tags: &'a Tags) -> Vec<(&'a str, &'a str)> {
        let pairs = self.names.iter().zip(tags.values());
        pairs.filter_map(|(name, value)| Some((&**name, value.as_deref()?))).collect()
    }

    /// The tags of a call whose metadata `lookup` reads; it gives strings, numbers and booleans as text, else `None`.
    pub fn collect<'a>(&self, mut lookup: impl FnMut(&str) -> Option<Cow<'a, str>>) -> Tags {
        self.collect_shown(|key, take| {
            if let Some(value) = self.keys.get(key).and_then(|(key, _)| lookup(key)) {
                take(&value);
            }
        })
    }

    /// As [`TagSchema::collect`], from texts that last only while they are shown: `show` is told the place of a key in
    /// [`TagSchema::keys`] and passes on the text of that key where there is one.
    pub fn collect_shown(&self, mut show: impl FnMut(usize, &mut dyn FnMut(&str))) -> Tags {
        let mut tags = Tags::default();
        for (key, (_, place)) in self.keys.iter().enumerate() {
            if tags.get(*place).is_none() {
                show(key, &mut |text| tags.set(*place, self.names.len(), text));
            }
        }
        tags
    }

    /// The tags of JSON metadata.
    #[must_use]
    pub fn collect_json(&self, metadata: &serde_json::Value) -> Tags {
        self.collect(|key| metadata.get(key).and_then(json_text))
    }
}

/// The values of a call's tags, in the order of the schema. Cheap to clone; a call without tags allocates nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tags(Option<Arc<[Option<Arc<str>>]>>);

impl Tags {
    /// The value at `place`.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&str> {
        self.0.as_ref()?.get(place)?.as_deref()
    }

    /// Sets the value at `place` of `len` tags.
    pub fn set(&mut self, place: usize, len: usize, value: &str) {
        let values = self.0.get_or_insert_with(|| std::iter::repeat_n(None, len).collect());
        if let Some(slot) = Arc::make_mut(values).get_mut(place) {
            *slot = Some(Arc::from(value));
        }
    }

    /// Tags whose texts are shared with other calls; `values` gives one a tag of the schema.
    #[must_use]
    pub fn from_shared(values: impl Iterator<Item = Option<Arc<str>>> + Clone) -> Self {
        Self(values.clone().any(|value| value.is_some()).then(|| values.collect()))
    }

    /// No tags.
    #[must_use]
    pub const fn none() -> &'static Self {
        static NONE: Tags = Tags(None);
        &NONE
    }

    /// Whether both are the same: fast where the call has no tag, or those of the call before.
    #[inline]
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs) || mine == theirs,
            _ => false,
        }
    }

    /// Whether both are one: none, or the same list in memory.
    #[inline]
    pub(crate) fn is_shared(&self, other: &Self) -> bool {
        match (&self.0, &other.0) {
            (None, None) => true,
            (Some(mine), Some(theirs)) => Arc::ptr_eq(mine, theirs),
            _ => false,
        }
    }

    /// Whether the call has no tag.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The values, one a tag of the schema; empty when the call has none.
    #[must_use]
    pub fn values(&self) -> &[Option<Arc<str>>] {
        self.0.as_deref().unwrap_or_default()
    }
}

/// A number as tag text: plain decimal, whole numbers without a fraction; `None` when it is not finite.
///
/// One function for every binding, so that 1.0 is the same tag in Python and in Node.
#[must_use]
pub fn number_text(value: f64) -> Option<String> {
    if !value.is_finite() {
        return None;
    }
    Some(decimal::from_f64(value).map_or_else(|| value.to_string(), decimal::text))
}

/// A string, number or boolean of JSON as tag text.
fn json_text(value: &serde_json::Value) -> Option<Cow<'_, str>> {
    match value {
        serde_json::Value::String(text) => Some(Cow::Borrowed(text)),
        serde_json::Value::Bool(flag) => Some(Cow::Borrowed(if *flag { "true" } else { "false" })),
        serde_json::Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(whole), _) => Some(Cow::Owned(whole.to_string())),
            (_, Some(whole)) => Some(Cow::Owned(whole.to_string())),
            _ => number.as_f64().and_then(number_text).map(Cow::Owned),
        },
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn the_defaults_read_names_and_aliases_and_a_name_wins() {
        let schema = TagSchema::new(None, None, []).unwrap();
        let tags = schema.collect_json(&serde_json::json!(
            {"user_id": 123, "env": "prod", "environment": "test", "team": true, "feature": null, "else": "x"}
        ));
        assert_eq!(
            (0..4).map(|place| tags.get(place)).collect::<Vec<_>>(),
            [Some("true"), None, Some("test"), Some("123")]
        );
        assert!(schema.collect_json(&serde_json::json!({"session": "abc", "team": [1]})).is_empty());
    }

    #[test]
    fn budgets_add_their_keys_after_the_listed_ones_in_one_order() {
        let one = TagSchema::new(Some(&strings(&["team"])), None, ["zone", "key", "team"]).unwrap();
        let other = TagSchema::new(Some(&strings(&["team"])), None, ["key", "zone"]).unwrap();
        assert_eq!(one, other);
        assert_eq!(one.names().iter().map(|n| &**n).collect::<Vec<_>>(), ["team", "key", "zone"]);
    }

    #[test]
    fn what_names_no_tag_is_refused() {
        let aliases = BTreeMap::from([("t".to_owned(), "team".to_owned())]);
        for (tags, aliases) in [(&["user"][..], Some(&aliases)), (&["a", "a"][..], None), (&[" "][..], None)]
        {
            let error = TagSchema::new(Some(&strings(tags)), aliases, []).unwrap_err();
            assert_eq!(error.code(), "config.invalid");
        }
        let schema = TagSchema::new(None, Some(&aliases), []).unwrap();
        assert_eq!(schema.collect_json(&serde_json::json!({"t": "a", "user_id": "u"})).get(0), Some("a"));
    }

    #[test]
    fn numbers_are_the_same_text_everywhere() {
        for (value, text) in [(1.0, "1"), (0.5, "0.5"), (-2.0, "-2"), (1e21, "1000000000000000000000")] {
            assert_eq!(number_text(value).unwrap(), text);
        }
        assert_eq!(number_text(f64::NAN), None);
    }
}
