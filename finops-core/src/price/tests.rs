//! Laws of the catalogue, on the built-in one and on small ones.

use super::{Catalogue, ChangeKind, Match, compile::compile, diff, table::Table, verify};
use proptest::prelude::*;
use proptest::sample::Index;

const BUILTIN: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/data/prices/catalogue.jsonl"));

/// Two hosts at equal rates, two at different ones, a first party, names in two cases.
const SMALL: &str = r#"{"aliases":["Open-1-Latest"],"first_party":false,"kind":"offering","model":"open-1","provider":"groq"}
{"aliases":[],"first_party":false,"kind":"offering","model":"open-1","provider":"together"}
{"aliases":[],"first_party":false,"kind":"offering","model":"open-2","provider":"groq"}
{"aliases":[],"first_party":false,"kind":"offering","model":"open-2","provider":"together"}
{"aliases":[],"first_party":false,"kind":"offering","model":"maker-1","provider":"azure"}
{"aliases":[],"cache_min_tokens":1024,"first_party":true,"kind":"offering","model":"maker-1","provider":"openai"}
{"aliases":[],"first_party":false,"kind":"offering","model":"meta-llama/Llama-9","provider":"together"}
{"from":"2025-01-01T00:00:00Z","from_basis":"announced","kind":"price","model":"maker-1","over":null,"provider":"azure","src":["s1"],"to":null,"usd_per_mtok":{"input":"3"},"usd_per_use":{},"verified":true,"when":{}}
{"from":"2025-01-01T00:00:00Z","from_basis":"announced","kind":"price","model":"maker-1","over":null,"provider":"openai","src":["s1"],"to":null,"usd_per_mtok":{"input":"2"},"usd_per_use":{"web_search":"0.01"},"verified":true,"when":{}}
{"from":"2025-01-01T00:00:00Z","from_basis":"announced","kind":"price","model":"meta-llama/Llama-9","over":null,"provider":"together","src":["s1"],"to":null,"usd_per_mtok":{"input":"1"},"usd_per_use":{},"verified":true,"when":{}}
{"from":"2025-01-01T00:00:00Z","from_basis":"announced","kind":"price","model":"open-1","over":null,"provider":"groq","src":["s1"],"to":null,"usd_per_mtok":{"input":"0.5"},"usd_per_use":{},"verified":true,"when":{}}
{"from":"2025-02-01T00:00:00Z","from_basis":"first_observed","kind":"price","model":"open-1","over":null,"provider":"together","src":["s1"],"to":null,"usd_per_mtok":{"input":"0.5"},"usd_per_use":{},"verified":true,"when":{}}
{"from":"2025-01-01T00:00:00Z","from_basis":"announced","kind":"price","model":"open-2","over":null,"provider":"groq","src":["s1"],"to":null,"usd_per_mtok":{"input":"0.5"},"usd_per_use":{},"verified":true,"when":{}}
{"from":"2025-01-01T00:00:00Z","from_basis":"announced","kind":"price","model":"open-2","over":null,"provider":"together","src":["s1"],"to":null,"usd_per_mtok":{"input":"0.6"},"usd_per_use":{},"verified":true,"when":{}}
{"id":"s1","kind":"source","licence":"MIT","origin":"a test","retrieved":"2026-11-21","url":"https://example.com/prices"}
"#;

fn small() -> Catalogue {
    Catalogue::from_jsonl(SMALL).unwrap()
}

/// The provider, model and way of a name, or the code of the error.
fn found(catalogue: &Catalogue, provider: Option<&str>, model: &str) -> String {
    match catalogue.resolve(provider, model) {
        Ok(r) => format!("{} {} {}", r.provider, r.model, r.matched.name()),
        Err(error) => error.code().to_owned(),
    }
}

#[test]
fn names_are_matched_in_order() {
    let c = small();
    for (provider, model, expected) in [
        (None, "maker-1", "openai maker-1 exact"),
        (None, " maker-1 ", "openai maker-1 exact"),
        (None, "Maker-1", "openai maker-1 case_insensitive"),
        (Some("azure"), "maker-1", "azure maker-1 exact"),
        (Some(" Azure"), "maker-1", "azure maker-1 exact"),
        (None, "openai/maker-1", "openai maker-1 provider_prefix"),
        (None, "azure/MAKER-1", "azure maker-1 provider_prefix"),
        (Some("openai"), "azure/maker-1", "price.unknown_model"),
        (None, "azure/maker-1-2031-02-03", "azure maker-1 date_suffix"),
        (None, "open-1", "groq open-1 exact"),
        (None, "open-2", "price.ambiguous_model"),
        (None, "open-2-2031-02-03", "price.ambiguous_model"),
        (Some("together"), "open-2", "together open-2 exact"),
        (Some("groq"), "Open-1-Latest", "groq open-1 alias"),
        (Some("groq"), "open-1-latest", "groq open-1 case_insensitive"),
        (None, "meta-llama/Llama-9", "together meta-llama/Llama-9 exact"),
        (None, "together/meta-llama/llama-9", "together meta-llama/Llama-9 provider_prefix"),
        (Some("vllm"), "open-1", "price.unknown_model"),
        (Some("aws"), "open-1", "price.unknown_model"),
        (Some("nobody"), "open-1", "price.unknown_provider"),
        (Some(""), "maker-1", "openai maker-1 exact"),
        (None, "", "price.unknown_model"),
        (None, "/", "price.unknown_model"),
    ] {
        assert_eq!(found(&c, provider, model), expected, "{provider:?} {model}");
    }
    assert_eq!(c.resolve(None, "open-1").unwrap().assumptions.iter().count(), 1, "same_price_hosts");
    let ambiguous = c.resolve(None, "open-2").unwrap_err().to_string();
    assert!(ambiguous.contains("groq, together"), "{ambiguous}");
    let near = c.resolve(None, "maker-2").unwrap_err().to_string();
    assert!(near.contains("near names: maker-1"), "{near}");
}

#[test]
fn googles_resource_names_are_prefixes() {
    let c = Catalogue::builtin();
    for (provider, model, expected) in [
        (None, "models/gemini-2.5-pro", "google gemini-2.5-pro provider_prefix"),
        (None, "publishers/google/models/gemini-2.5-pro", "vertex gemini-2.5-pro provider_prefix"),
        (Some("google"), "publishers/google/models/gemini-2.5-pro", "google gemini-2.5-pro provider_prefix"),
        (Some("openai"), "models/gemini-2.5-pro", "price.unknown_model"),
        (None, "gemini/gemini-2.5-pro", "google gemini-2.5-pro provider_prefix"),
    ] {
        assert_eq!(found(&c, provider, model), expected, "{provider:?} {model}");
    }
}

#[test]
fn the_built_in_catalogue_is_in_order() {
    let findings = verify(BUILTIN, Some(&Catalogue::builtin()));
    let shown: Vec<String> = findings.iter().take(20).map(|f| format!("{} {}", f.line, f.problem)).collect();
    assert!(findings.is_empty(), "{} findings:\n{}", findings.len(), shown.join("\n"));
}

#[test]
fn the_table_holds_the_whole_text() {
    let builtin = Catalogue::builtin();
    assert!(builtin.to_jsonl() == BUILTIN, "the table loses something of the text");
    let again = Catalogue::from_jsonl(BUILTIN).unwrap();
    assert_eq!(again.id(), builtin.id());
    assert!(builtin.id().starts_with(&format!("cat-{}-", builtin.generated())), "{}", builtin.id());
    assert_eq!(again.rows().count(), BUILTIN.lines().filter(|l| l.contains(r#""kind":"price""#)).count());
    let mut sorted: Vec<&str> = SMALL.lines().collect();
    sorted.sort_unstable();
    assert_eq!(small().to_jsonl().lines().collect::<Vec<_>>(), sorted);
}

#[test]
fn a_row_is_named_by_its_line() {
    let c = small();
    let row = c.rows_of("openai", "maker-1").pop().unwrap();
    assert_eq!(row.id.len(), 12);
    assert_eq!(c.rows().filter(|other| other.id == row.id).count(), 1);
    let json = serde_json::to_value(&row).unwrap();
    assert_eq!(json["usd_per_use"]["web_search"], "0.01");
    assert_eq!(c.offering(None, "maker-1").unwrap().cache_min_tokens, Some(1024));
}

#[test]
fn an_overlay_replaces_what_it_names() {
    let c = small();
    let price = r#"{"from":"2026-01-01T00:00:00Z","kind":"price","model":"maker-1","provider":"openai","src":["s1"],"usd_per_mtok":{"input":"7"},"verified":true}"#;
    let over = c.overlay(price).unwrap();
    assert_ne!(over.id(), c.id());
    let rates: Vec<_> =
        over.rows_of("openai", "maker-1").into_iter().map(|row| row.price.usd_per_mtok).collect();
    assert_eq!(rates.len(), 1);
    assert_eq!(rates[0]["input"], "7");
    assert_eq!(over.rows_of("azure", "maker-1"), c.rows_of("azure", "maker-1"));
    let changes = diff(&c, &over);
    let kinds: Vec<_> = changes.iter().map(|change| change.kind).collect();
    assert_eq!(kinds, [ChangeKind::Removed, ChangeKind::Added]);
    assert_eq!(c.overlay("").unwrap().rows().count(), c.rows().count());
    let unknown = price.replace("maker-1", "maker-2");
    assert_eq!(c.overlay(&unknown).unwrap_err().code(), "price.invalid_catalogue");
}

#[test]
fn differences_are_named() {
    let c = small();
    let with = |from: &str, to: &str| Catalogue::from_jsonl(&SMALL.replace(from, to)).unwrap();
    let kinds = |new: &Catalogue| diff(&c, new).into_iter().map(|change| change.kind).collect::<Vec<_>>();
    assert_eq!(kinds(&c), []);
    assert_eq!(kinds(&with(r#"{"input":"3"}"#, r#"{"input":"4"}"#)), [ChangeKind::Changed]);
    let closed = SMALL.replacen(r#""to":null"#, r#""to":"2026-01-01T00:00:00Z""#, 1);
    assert_eq!(kinds(&Catalogue::from_jsonl(&closed).unwrap()), [ChangeKind::Closed]);
    let retired = with(
        r#""model":"maker-1","provider":"azure"}"#,
        r#""model":"maker-1","provider":"azure","status":"retired"}"#,
    );
    assert_eq!(kinds(&retired), [ChangeKind::Retired]);
    assert_eq!(kinds(&with(r#""id":"s1""#, r#""id":"s1""#)), []);
}

#[test]
fn a_bad_line_is_refused_with_its_number() {
    for (from, to, problem) in [
        (r#""input":"3""#, r#""input":"3.0""#, "rate `3.0` of `input`"),
        (r#""input":"3""#, r#""input":"-3""#, "rate `-3` of `input`"),
        (r#""input":"3""#, r#""inputs":"3""#, "no such bucket `inputs`"),
        (r#""src":["s1"]"#, r#""src":["s2"]"#, "no source `s2`"),
        (r#""provider":"azure","src""#, r#""provider":"nobody","src""#, "priced but not offered"),
        (r#""verified":true"#, r#""verified":"yes""#, "invalid type"),
        (r#""kind":"price""#, r#""kind":"prize""#, "unknown variant"),
        (r#""to":null"#, r#""to":"2024-01-01T00:00:00Z""#, "`to` is not after `from`"),
        (r#""from":"2025-01-01T00:00:00Z""#, r#""from":"2025-01-01""#, "is no instant"),
        (r#""when":{}"#, r#""when":{"weather":"rain"}"#, "unknown field"),
        (r#""when":{}"#, r#""when":{"service_tier":"standard"}"#, "leave it out"),
        (
            r#""aliases":[],"first_party":false,"kind":"offering","model":"open-2","provider":"groq""#,
            r#""aliases":["open-1"],"first_party":false,"kind":"offering","model":"open-2","provider":"groq""#,
            "names two models of `groq`",
        ),
        (
            r#""model":"maker-1","provider":"azure"}"#,
            r#""model":"maker-1","provider":"openai"}"#,
            "is offered twice",
        ),
    ] {
        assert!(SMALL.contains(from), "{from}");
        let error = Catalogue::from_jsonl(&SMALL.replacen(from, to, 1)).unwrap_err();
        assert_eq!(error.code(), "price.invalid_catalogue");
        assert!(error.to_string().contains(problem), "{problem}: {error}");
    }
}

#[test]
fn verify_finds_what_compiles_but_is_wrong() {
    let mut lines: Vec<&str> = SMALL.lines().collect();
    lines.sort_unstable();
    let good = lines.join("\n") + "\n";
    assert_eq!(verify(&good, None), []);
    let row = |from: &str, to: &str, input: &str| {
        format!(
            r#"{{"from":"{from}","from_basis":null,"kind":"price","model":"open-1","over":null,"provider":"groq","src":["s1"],"to":{to},"usd_per_mtok":{{"input":"{input}"}},"usd_per_use":{{}},"verified":true,"when":{{}}}}"#
        )
    };
    let later = |line: &str| {
        let mut lines: Vec<&str> = good.lines().chain([line]).collect();
        lines.sort_unstable();
        verify(&(lines.join("\n") + "\n"), None).into_iter().map(|f| f.problem).collect::<Vec<_>>().join("; ")
    };
    let gap = row("2023-01-01T00:00:00Z", r#""2024-01-01T00:00:00Z""#, "1");
    assert!(later(&gap).contains("a gap: no price from 2024-01-01"), "{}", later(&gap));
    let overlap = row("2026-01-01T00:00:00Z", "null", "1");
    assert!(later(&overlap).contains("overlaps"), "{}", later(&overlap));
    let fine = row("2024-01-01T00:00:00Z", r#""2025-01-01T00:00:00Z""#, "0.0000001");
    assert!(later(&fine).contains("not whole picodollars"), "{}", later(&fine));
    let orphan = r#"{"aliases":[],"first_party":false,"kind":"offering","model":"open-3","provider":"groq"}"#;
    assert!(later(orphan).contains("has no price"), "{}", later(orphan));
    let period = gap.replace(r#""when":{}"#, r#""when":{"period":"peak"}"#);
    assert!(later(&period).contains("no schedule says when `peak` is"), "{}", later(&period));
    let no_licence = good.replace(r#""licence":"MIT""#, r#""licence":"""#);
    assert!(verify(&no_licence, None)[0].problem.contains("no licence"));
    let unsorted: String = good.lines().rev().flat_map(|line| [line, "\n"]).collect();
    assert!(verify(&unsorted, None)[0].problem.contains("out of order"));
    assert!(verify(&good.replacen(":", ": ", 1), None)[0].problem.contains("canonical"));
    let history = Catalogue::from_jsonl(&good).unwrap();
    let rewritten = good.replace(r#"{"input":"3"}"#, r#"{"input":"4"}"#);
    assert!(verify(&rewritten, Some(&history))[0].problem.contains("the past was changed"));
}

#[test]
fn the_hash_table_is_at_most_half_full() {
    let names = Catalogue::builtin().table().names().count();
    let bytes = compile(BUILTIN).unwrap();
    assert!(bytes.len() <= 512 * 1024, "{}", bytes.len());
    assert!(Table::from_bytes(&bytes).slot_count() >= names * 2);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_listed_name_with_a_character_added_is_unknown_unless_listed(index in any::<Index>(), place in any::<Index>(), c in "[a-z0-9.:/@-]") {
        let catalogue = Catalogue::builtin();
        let table = catalogue.table();
        let all: Vec<_> = table.names().collect();
        let entry = index.get(&all);
        let name = table.text(entry.text);
        let seller = table.candidates(*entry).next().unwrap();
        let provider = table.text(table.provider(seller.provider)).to_owned();
        let places: Vec<usize> = (0..=name.len()).filter(|i| name.is_char_boundary(*i)).collect();
        let mut longer = name.to_owned();
        longer.insert_str(*place.get(&places), &c);
        match catalogue.resolve(Some(&provider), &longer) {
            Err(error) => prop_assert_eq!(error.code(), "price.unknown_model"),
            Ok(found) => {
                // Either it is listed itself, or an anchored form of a listed name.
                let listed = table.names().any(|other| table.text(other.text).eq_ignore_ascii_case(&longer));
                let anchored = matches!(found.matched, Match::ProviderPrefix | Match::FineTuned | Match::DateSuffix);
                prop_assert!(listed || anchored, "{} became {} {}", longer, found.provider, found.model);
            }
        }
    }

    #[test]
    fn every_listed_name_resolves_at_its_provider(index in any::<Index>()) {
        let catalogue = Catalogue::builtin();
        let offerings: Vec<_> = catalogue.offerings().collect();
        let offering = index.get(&offerings);
        for name in offering.aliases.iter().chain([&offering.model]) {
            let found = catalogue.resolve(Some(&offering.provider), name).unwrap();
            prop_assert_eq!((found.provider.as_str(), found.model.as_str()), (offering.provider.as_str(), offering.model.as_str()));
        }
    }

    #[test]
    fn the_order_of_lines_changes_nothing(order in Just(SMALL.lines().collect::<Vec<_>>()).prop_shuffle()) {
        let shuffled = Catalogue::from_jsonl(&order.join("\n")).unwrap();
        let sorted = small();
        prop_assert_eq!(shuffled.to_jsonl(), sorted.to_jsonl());
        for name in ["maker-1", "open-1", "open-2", "Open-1-latest", "together/open-1", "open-1-2031-02-03"] {
            prop_assert_eq!(found(&shuffled, None, name), found(&sorted, None, name));
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,200}") {
        if let Err(error) = Catalogue::from_jsonl(&text) {
            prop_assert_eq!(error.code(), "price.invalid_catalogue");
        }
        let _ = verify(&text, None);
        let _ = Catalogue::builtin().resolve(Some(&text), &text);
        let _ = Catalogue::builtin().resolve(None, &text);
    }
}
