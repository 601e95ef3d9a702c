#![no_main]
//! Any text is edited or refused with a code; a removed block is gone, and a set value stays as it was set.
use finops_core::change::{
    hcl::{Finder, Sources, remove, set},
    splice,
};

libfuzzer_sys::fuzz_target!(|text: &str| {
    let files = [("main.tf", text)];
    let sources = Sources::read(&files);
    let finders = [
        Finder::Address("aws_ebs_volume.old"),
        Finder::NameTag { resource_type: "aws_ebs_volume", value: "old" },
        Finder::Attribute { resource_type: "aws_eks_node_group", name: "node_group_name", value: "workers" },
    ];
    for finder in finders {
        if let Ok(changed) = remove(&sources, finder) {
            let left = [("main.tf", changed.text.as_str())];
            assert!(!Sources::read(&left).exists(finder));
        }
        for path in ["size", "scaling_config.desired_size"] {
            for mut changed in set(&sources, finder, &[(path, "6")]).unwrap_or_default() {
                assert_eq!(splice(text, &mut changed.edits).as_deref(), Ok(changed.text.as_str()));
                let new = [("main.tf", changed.text.as_str())];
                assert_eq!(Sources::read(&new).number(finder, path), Some(6));
            }
        }
    }
});
