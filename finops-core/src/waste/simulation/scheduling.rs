//! Whether the scheduler would let a pod run on a node: selectors, required node affinity, taints.

use crate::inventory::{Expression, Node, Scheduling, Taint, Toleration};

/// Whether selectors and required affinity of a pod admit this node, and the pod bears its taints.
#[must_use]
pub fn admits(scheduling: &Scheduling, node: &Node) -> bool {
    let selected =
        scheduling.node_selector.as_ref().is_none_or(|selector| selector.select(node.labels.as_ref()));
    let terms = scheduling.affinity.as_ref().and_then(|affinity| affinity.node_terms.as_ref());
    // A term without expressions matches nothing (kubernetes.io, "Node affinity").
    let meets =
        |term: &Vec<Expression>| !term.is_empty() && term.iter().all(|expression| holds(expression, node));
    selected && terms.is_none_or(|terms| terms.iter().any(meets)) && bears(scheduling, node)
}

/// Whether a pod that says nothing of scheduling may run on this node.
fn bears(scheduling: &Scheduling, node: &Node) -> bool {
    let tolerations = scheduling.tolerations.as_deref().unwrap_or_default();
    let taints = node.taints.as_deref().unwrap_or_default();
    let hard = taints.iter().filter(|taint| taint.effect != "PreferNoSchedule");
    hard.into_iter().all(|taint| tolerations.iter().any(|toleration| tolerates(toleration, taint)))
}

/// Whether a toleration bears a taint (kubernetes.io, "Taints and Tolerations").
#[must_use]
pub fn tolerates(toleration: &Toleration, taint: &Taint) -> bool {
    let effect = toleration.effect.as_ref().is_none_or(|effect| effect.is_empty() || *effect == taint.effect);
    let exists = toleration.operator.as_ref().is_some_and(|operator| *operator == "Exists");
    let key = match toleration.key.as_ref().filter(|key| !key.is_empty()) {
        Some(key) => *key == taint.key,
        None => exists,
    };
    let text = |value: Option<&crate::inventory::Name>| {
        value.map(|name| name.as_str().to_owned()).unwrap_or_default()
    };
    effect && key && (exists || text(toleration.value.as_ref()) == text(taint.value.as_ref()))
}

fn holds(expression: &Expression, node: &Node) -> bool {
    let value = match expression.key.as_str() {
        "metadata.name" => Some(&node.name),
        key => node.labels.as_ref().and_then(|labels| labels.get(key)),
    };
    let listed = || value.is_some_and(|value| expression.values.contains(value));
    let number = |text: &str| text.parse::<i64>().ok();
    let compared = || {
        let limit = expression.values.first().and_then(|limit| number(limit))?;
        Some(value.and_then(|value| number(value))?.cmp(&limit))
    };
    match expression.operator.as_str() {
        "In" => listed(),
        "NotIn" => !listed(),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared().is_some_and(std::cmp::Ordering::is_gt),
        "Lt" => compared().is_some_and(std::cmp::Ordering::is_lt),
        // An operator that we do not know admits no node: the pod stays where it is.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::{Affinity, Labels, Name};

    fn expression(key: &str, operator: &str, values: &[&str]) -> Expression {
        Expression {
            key: key.into(),
            operator: operator.into(),
            values: values.iter().map(|v| Name::from(*v)).collect(),
        }
    }

    fn node() -> Node {
        let labels = Labels::new(vec![("zone".into(), "a".into()), ("gen".into(), "5".into())]);
        Node { name: "n1".into(), labels: Some(labels), ..Node::default() }
    }

    #[test]
    fn operators_of_affinity() {
        for (operator, key, values, expected) in [
            ("In", "zone", &["a", "b"][..], true),
            ("In", "none", &["a"], false),
            ("NotIn", "zone", &["a"], false),
            ("NotIn", "none", &["a"], true),
            ("Exists", "zone", &[], true),
            ("DoesNotExist", "zone", &[], false),
            ("Gt", "gen", &["4"], true),
            ("Gt", "gen", &["5"], false),
            ("Lt", "gen", &["6"], true),
            ("Lt", "zone", &["6"], false),
            ("Near", "zone", &["a"], false),
            ("In", "metadata.name", &["n1"], true),
        ] {
            assert_eq!(holds(&expression(key, operator, values), &node()), expected, "{operator} {key}");
        }
    }

    #[test]
    fn one_term_is_enough_and_an_empty_one_is_none() {
        let with = |terms| {
            let affinity = Some(Affinity { node_terms: Some(terms), ..Affinity::default() });
            Scheduling { affinity, ..Scheduling::default() }
        };
        let (good, bad) = (expression("zone", "In", &["a"]), expression("zone", "In", &["z"]));
        assert!(admits(&with(vec![vec![bad.clone()], vec![good.clone()]]), &node()));
        assert!(!admits(&with(vec![vec![good, bad]]), &node()));
        assert!(!admits(&with(vec![vec![]]), &node()));
    }

    #[test]
    fn tolerations_bear_taints() {
        let taint = Taint { key: "gpu".into(), value: Some("yes".into()), effect: "NoSchedule".into() };
        let all = Toleration { operator: Some("Exists".into()), ..Toleration::default() };
        let equal =
            Toleration { key: Some("gpu".into()), value: Some("yes".into()), ..Toleration::default() };
        let other = Toleration { value: Some("no".into()), ..equal.clone() };
        let effect = Toleration { effect: Some("NoExecute".into()), ..equal.clone() };
        assert!(tolerates(&all, &taint) && tolerates(&equal, &taint));
        assert!(!tolerates(&other, &taint) && !tolerates(&effect, &taint));
        assert!(!tolerates(&Toleration::default(), &taint), "no key and no Exists bears nothing");
        let tainted = Node { taints: Some(vec![taint.clone()]), ..node() };
        assert!(!admits(&Scheduling::default(), &tainted));
        let soft = Taint { effect: "PreferNoSchedule".into(), ..taint };
        assert!(admits(&Scheduling::default(), &Node { taints: Some(vec![soft]), ..node() }));
    }
}
