#![no_main]
//! Any text is edited or refused with a code; what was edited once says the same when it is edited again.
use finops_core::change::{
    splice,
    yaml::{self, Set, Target},
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let sets = [Set::quantity("resources.requests.cpu", "750m"), Set::quantity("resources.requests.memory", "1Gi")];
    for object in yaml::objects(text).unwrap_or_default() {
        let namespace = object.namespace.as_deref();
        let named = Target { kind: &object.kind, name: &object.name, namespace, container: None };
        let _removed = yaml::remove(text, &named);
        for container in &object.containers {
            let target = Target { container: Some(container), ..named };
            let Ok((new, mut edits)) = yaml::edit(text, &target, &sets) else { continue };
            assert_eq!(splice(text, &mut edits).as_deref(), Ok(new.as_str()));
            for set in &sets {
                let found = yaml::get(&new, &target, &set.path.join("."));
                assert_eq!(found.as_ref().map(Option::as_deref), Ok(Some(set.value.as_str())));
            }
            assert_eq!(yaml::edit(&new, &target, &sets).map(|(again, _)| again), Ok(new));
        }
    }
    if let Ok((new, _)) = yaml::edit_path(text, &sets) {
        assert_eq!(yaml::edit_path(&new, &sets).map(|(again, _)| again), Ok(new));
    }
});
