use proptest::prelude::*;

use super::*;

fn json(text: &str) -> Json {
    crate::json::read(text.as_bytes(), &crate::json::Limits::default()).unwrap()
}

fn said(text: &str, declared: bool) -> (Outcome, Option<&'static str>, Vec<String>) {
    let answer = decide(&json(text), declared);
    let line = |v: &Violation| format!("{:?} {} {}", v.action, v.rule, v.message);
    (answer.decision, answer.code, answer.violations.iter().map(line).collect())
}

#[test]
fn actions_come_before_entries_and_entries_before_elements() {
    let text = r#"{"warn_b":["w2"],"warn":["w1"],"violation":[{"rule":"v","action":"warn"},"v"],"deny_z":["dz"],
                   "deny_a":["da2","da1"],"deny":["d"],"advice":["a"],"require_approval":["r"],"denied":["no entry"]}"#;
    let (decision, code, lines) = said(text, false);
    assert_eq!((decision, code), (Outcome::Deny, None));
    assert_eq!(
        lines,
        [
            "Deny rego.deny d",
            "Deny rego.deny_a da2",
            "Deny rego.deny_a da1",
            "Deny rego.deny_z dz",
            "Deny rego.violation v",
            "RequireApproval rego.require_approval r",
            "Warn v v",
            "Warn rego.warn w1",
            "Warn rego.warn_b w2",
            "Advice rego.advice a",
        ]
    );
}

#[test]
fn an_entry_may_be_a_boolean() {
    let (_, _, lines) =
        said(r#"{"deny":true,"violation":true,"require_approval":true,"warn":true,"advice":true}"#, false);
    assert_eq!(
        lines,
        [
            "Deny rego.deny policy denied",
            "Deny rego.violation policy denied",
            "RequireApproval rego.require_approval policy require_approval",
            "Warn rego.warn policy warn",
            "Advice rego.advice policy advice",
        ]
    );
}

#[test]
fn an_element_of_any_type_counts() {
    let text = r#"{"deny":["",5,null,true,[1],{"x":1,"a":2},{"failed":false},{"failed":0,"msg":"m"},{"rule":"","id":"i"},{"rule":5,"message":"n"}]}"#;
    let (_, _, lines) = said(text, false);
    assert_eq!(
        lines,
        [
            "Deny rego.deny policy denied",
            "Deny rego.deny 5",
            "Deny rego.deny null",
            "Deny rego.deny true",
            "Deny rego.deny [1]",
            r#"Deny rego.deny {"a":2,"x":1}"#,
            "Deny rego.deny m",
            "Deny i i",
            "Deny rego.deny n",
        ]
    );
}

#[test]
fn only_a_violation_names_its_own_action() {
    let element = |member: &str| format!(r#"{{"violation":[{{"rule":"r",{member}}}],"allow":true}}"#);
    for (member, decision) in [
        (r#""action":"deny""#, Outcome::Deny),
        (r#""action":"require_approval""#, Outcome::RequireApproval),
        (r#""action":"warn""#, Outcome::Allow),
        (r#""severity":"warning""#, Outcome::Allow),
        (r#""severity":"info""#, Outcome::Allow),
        (r#""severity":"error""#, Outcome::Deny),
        (r#""action":"deny","severity":"info""#, Outcome::Deny),
        (r#""action":null,"severity":"info""#, Outcome::Deny),
        (r#""action":5"#, Outcome::Deny),
    ] {
        assert_eq!(said(&element(member), true).0, decision, "{member}");
    }
    assert_eq!(said(r#"{"deny":[{"rule":"r","action":"warn"}]}"#, false).0, Outcome::Deny);
}

#[test]
fn members_are_carried_along() {
    let answer = decide(
        &json(
            r#"{"deny":[{"rule":"r","subject":"s","actual":0.60,"limit":null,"path":"/a","resource":["x"]}]}"#,
        ),
        false,
    );
    let violation = &answer.violations[0];
    assert_eq!(violation.subject.as_deref(), Some("s"));
    assert_eq!(violation.actual.as_deref(), Some("0.6"));
    assert_eq!(violation.limit, None);
    assert_eq!(violation.path.as_deref(), Some("/a"));
    assert_eq!(violation.resource.as_deref(), Some(r#"["x"]"#));
}

#[test]
fn a_warning_does_not_excuse_a_missing_allow() {
    assert_eq!(said(r#"{"warn":["w"]}"#, true).1, Some("policy.not_allowed"));
    assert_eq!(said(r#"{"allow":false,"warn":["w"]}"#, true).2, ["Warn rego.warn w"]);
    assert_eq!(said("{}", false).0, Outcome::Allow);
}

fn any_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(Json::Null),
        any::<bool>().prop_map(Json::from),
        any::<i32>().prop_map(Json::from),
        "(|deny|warn|m)".prop_map(Json::from),
    ];
    leaf.prop_recursive(3, 20, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Json::Array),
            proptest::collection::btree_map("(rule|msg|failed|action|severity|x)", inner, 0..4)
                .prop_map(Json::object),
        ]
    })
}

fn result() -> impl Strategy<Value = Json> {
    let names = "(allow|deny|deny_a|violation|violation_b|require_approval|warn|advice|other)";
    proptest::collection::btree_map(names, any_value(), 0..6).prop_map(Json::object)
}

proptest! {
    #[test]
    fn only_a_clear_answer_allows(result in result(), declared: bool) {
        let answer = decide(&result, declared);
        let denied = answer.violations.iter().any(|v| v.action == Action::Deny);
        if answer.decision == Outcome::Allow {
            prop_assert!(answer.code.is_none() && !denied);
            prop_assert!(!declared || result.get("allow") == Some(&Json::Bool(true)));
        }
        prop_assert_eq!(answer.decision == Outcome::Deny, denied || answer.code.is_some());
    }

    #[test]
    fn one_more_denial_never_allows_more(result in result(), declared: bool) {
        let before = decide(&result, declared).decision;
        let mut members = result.as_object().unwrap().clone();
        members.insert("deny_more", Json::array(["more"]));
        prop_assert!(decide(&Json::Object(members), declared).decision <= before);
    }

    #[test]
    fn the_order_of_members_is_irrelevant(result in result(), declared: bool) {
        let reversed: Vec<(String, Json)> =
            result.as_object().unwrap().iter().rev().map(|(k, v)| (k.to_owned(), v.clone())).collect();
        let (a, b) = (decide(&result, declared), decide(&Json::object(reversed), declared));
        prop_assert_eq!((a.decision, a.code, a.violations), (b.decision, b.code, b.violations));
    }
}

#[test]
fn what_is_about_two_things_counts_twice() {
    let deny = |subject: &str| {
        Json::object(
            [("rule", "tags.required"), ("msg", "a tag is missing"), ("subject", subject)]
                .map(|(k, v)| (k, Json::from(v))),
        )
    };
    let result = Json::object([("deny", Json::Array(vec![deny("team"), deny("environment"), deny("team")]))]);
    let answer = decide(&result, false);
    let subjects: Vec<_> = answer.violations.iter().map(|violation| violation.subject.as_deref()).collect();
    assert_eq!(subjects, [Some("team"), Some("environment")]);
}
