//! ConfigMaps, Secrets and ServiceAccounts by name and size, never by value; limit ranges.

use super::{
    super::{
        ConfigObject, Labels, LimitRange, Name,
        cx::Cx,
        tree::{At, Tree},
    },
    object::{Meta, Result, items, name, opt, text},
};

/// The longest annotation of a ConfigMap or Secret that is kept: longer ones may hold a copy of its values.
const ANNOTATION_MAX: usize = 128;

pub(super) fn object(cx: &mut Cx, kind: &Name, meta: &Meta, tree: &Tree<'_>) -> ConfigObject {
    let (mut keys, mut bytes) = (Vec::new(), 0_u64);
    for (member, encoded) in [("data", *kind == "Secret"), ("binaryData", true), ("stringData", false)] {
        let Some(Tree::Object(values)) = tree.get(member) else { continue };
        for (key, value) in values {
            keys.push(cx.share(key));
            let length = value.as_str().map_or(0, |text| if encoded { decoded(text) } else { text.len() });
            bytes = bytes.saturating_add(u64::try_from(length).unwrap_or(u64::MAX));
        }
    }
    keys.sort();
    keys.dedup();
    let account = *kind == "ServiceAccount";
    let secrets = account.then(|| {
        let named = items(tree, "secrets").iter().chain(items(tree, "imagePullSecrets"));
        let mut named: Vec<Name> = named.filter_map(|secret| name(cx, secret, "name")).collect();
        named.sort();
        named.dedup();
        named
    });
    ConfigObject {
        kind: kind.clone(),
        namespace: meta.namespace.clone(),
        name: meta.name.clone(),
        r#type: name(cx, tree, "type"),
        keys: (!account).then_some(keys),
        bytes: (!account).then_some(bytes),
        owner: meta.owner.clone(),
        created_at: meta.created_at,
        labels: meta.labels.clone(),
        annotations: meta.annotations.as_ref().map(short),
        secrets,
    }
}

/// The length of what base64 text stands for.
fn decoded(text: &str) -> usize {
    let letters = text.bytes().filter(|byte| !byte.is_ascii_whitespace() && *byte != b'=').count();
    letters.saturating_mul(3).checked_div(4).unwrap_or(0)
}

fn short(annotations: &Labels) -> Labels {
    let copy = |value: &Name| value.len() > ANNOTATION_MAX || value.starts_with(['{', '[']);
    let kept = annotations.iter().filter(|(_, value)| !copy(value));
    Labels::new(kept.map(|(name, value)| (name.clone(), value.clone())).collect())
}

pub(super) fn limit_range(cx: &mut Cx, meta: &Meta, tree: &Tree<'_>, at: &At<'_>) -> Result<LimitRange> {
    let empty = Tree::Null;
    let spec = tree.get("spec").unwrap_or(&empty);
    let at = at.name("spec.limits");
    let mut min = None;
    for (index, limit) in items(spec, "limits").iter().enumerate() {
        if text(limit, "type") == Some("Container") {
            min = opt(limit, &at.index(index), "min", |v, at| cx.resources(v, at))?.or(min);
        }
    }
    Ok(LimitRange { namespace: meta.namespace.clone(), name: meta.name.clone(), min })
}
