//! The members of an object.

use super::Json;
use std::{cmp::Ordering, collections::BTreeMap};

/// Members up to which a name is looked for one by one.
const FEW: usize = 16;

/// The members of an object in the order of the text; names are unique.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Object(Vec<(String, Json)>);

impl Object {
    /// An object without members.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Members whose names are known to differ, such as those of a map of another language.
    #[must_use]
    pub const fn from_unique(members: Vec<(String, Json)>) -> Self {
        Self(members)
    }

    /// What the reader found; it refuses duplicate names itself.
    pub(super) const fn from_members(members: Vec<(String, Json)>) -> Self {
        Self(members)
    }

    /// The member `name`.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The member `name`, to be changed in place.
    pub fn get_mut(&mut self, name: &str) -> Option<&mut Json> {
        self.0.iter_mut().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Whether there is a member `name`.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// How many members there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is no member.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, &Json)> + ExactSizeIterator {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The names in order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &str> + ExactSizeIterator {
        self.0.iter().map(|(key, _)| key.as_str())
    }

    /// The values in order.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &Json> + ExactSizeIterator {
        self.0.iter().map(|(_, value)| value)
    }

    /// The values in order, to be changed in place.
    pub fn values_mut(&mut self) -> impl Iterator<Item = &mut Json> {
        self.0.iter_mut().map(|(_, value)| value)
    }

    /// The members in order, the values to be changed in place.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = (&str, &mut Json)> {
        self.0.iter_mut().map(|(key, value)| (key.as_str(), value))
    }

    /// Sets the member `name` and returns what it was; a new member goes last.
    pub fn insert(&mut self, name: impl Into<String>, value: impl Into<Json>) -> Option<Json> {
        let (name, value) = (name.into(), value.into());
        if let Some(member) = self.get_mut(&name) {
            return Some(std::mem::replace(member, value));
        }
        self.0.push((name, value));
        None
    }

    /// Removes the member `name` and returns it; the others keep their order.
    pub fn remove(&mut self, name: &str) -> Option<Json> {
        let position = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(position).1)
    }

    /// The members in the order that `compare` gives their names.
    pub fn sorted_by(&self, compare: impl Fn(&str, &str) -> Ordering) -> Vec<(&str, &Json)> {
        let mut members: Vec<_> = self.iter().collect();
        members.sort_unstable_by(|(one, _), (other, _)| compare(one, other));
        members
    }
}

impl<K: Into<String>> FromIterator<(K, Json)> for Object {
    /// Of two members with the same name the last counts, at the place of the first.
    fn from_iter<I: IntoIterator<Item = (K, Json)>>(members: I) -> Self {
        let members = members.into_iter();
        let mut unique: Vec<(String, Json)> = Vec::with_capacity(members.size_hint().0);
        // Of few names looking at each is faster than an index of copies.
        let mut positions: BTreeMap<String, usize> = BTreeMap::new();
        for (name, value) in members {
            let name = name.into();
            if unique.len() > FEW && positions.is_empty() {
                positions
                    .extend(unique.iter().enumerate().map(|(position, (name, _))| (name.clone(), position)));
            }
            let known = if positions.is_empty() {
                unique.iter().position(|(known, _)| *known == name)
            } else {
                positions.get(&name).copied()
            };
            match known.and_then(|position| unique.get_mut(position)) {
                Some(member) => member.1 = value,
                None => {
                    if !positions.is_empty() {
                        positions.insert(name.clone(), unique.len());
                    }
                    unique.push((name, value));
                }
            }
        }
        Self(unique)
    }
}

impl IntoIterator for Object {
    type Item = (String, Json);
    type IntoIter = std::vec::IntoIter<(String, Json)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_unique() {
        let mut object: Object =
            [("a", Json::from(1)), ("b", Json::from(2)), ("a", Json::from(3))].into_iter().collect();
        assert_eq!(Json::Object(object.clone()).to_text(), r#"{"a":3,"b":2}"#);
        assert_eq!(object.insert("b", 5), Some(Json::from(2)));
        assert_eq!(object.insert("c", Json::Null), None);
        assert_eq!(object.remove("a"), Some(Json::from(3)));
        assert_eq!(object.keys().collect::<Vec<_>>(), ["b", "c"]);
    }

    #[test]
    fn many_names_stay_unique_too() {
        for names in [1, FEW, FEW + 1, FEW + 2, 3 * FEW] {
            let given =
                (0..3 * names).map(|n| (format!("m{}", n % names), Json::from(u64::try_from(n).unwrap())));
            let object: Object = given.collect();
            let expected =
                (0..names).map(|n| (format!("m{n}"), Json::from(u64::try_from(2 * names + n).unwrap())));
            assert_eq!(object.into_iter().collect::<Vec<_>>(), expected.collect::<Vec<_>>());
        }
    }
}
