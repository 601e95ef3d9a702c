//! Other people's programs, asked the same: canonical bytes and the tree of RFC 6962.

use ct_merkle::{ConsistencyProof, InclusionProof, RootHash, mem_backed_tree::MemoryBackedTree};
use finops_ledger::event::{
    canonical,
    merkle::{Hash, Tree, leaf_hash},
};
use proptest::prelude::*;
use serde_json::Value;
use sha2::Sha256;

const LARGEST: usize = 64;

fn trees() -> (MemoryBackedTree<Sha256, Vec<u8>>, Tree) {
    let (mut theirs, mut ours) = (MemoryBackedTree::new(), Tree::new());
    for n in 0..LARGEST as u64 {
        let leaf = n.to_be_bytes().to_vec();
        ours.push(leaf_hash(&leaf));
        theirs.push(leaf);
    }
    (theirs, ours)
}

#[test]
fn ct_merkle_makes_the_same_roots_and_proofs() {
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let (_, ours) = trees();
    let bytes = |proof: Vec<Hash>| proof.concat();
    for size in 1..=LARGEST {
        theirs.push((size as u64 - 1).to_be_bytes().to_vec());
        assert_eq!(theirs.root().as_bytes().as_slice(), ours.root_at(size as u64).unwrap());
        for index in 0..size {
            let proof = ours.inclusion_proof(index as u64, size as u64).unwrap();
            assert_eq!(theirs.prove_inclusion(index).as_bytes(), bytes(proof));
        }
        for old in 1..size {
            let proof = ours.consistency_proof(old as u64, size as u64).unwrap();
            assert_eq!(theirs.prove_consistency(size - old).as_bytes(), bytes(proof));
        }
    }
}

#[test]
fn ct_merkle_accepts_our_proofs() {
    let (theirs, ours) = trees();
    let root = theirs.root();
    for index in 0..LARGEST as u64 {
        let proof = ours.inclusion_proof(index, LARGEST as u64).unwrap().concat();
        let proof = InclusionProof::<Sha256>::from_bytes(proof);
        root.verify_inclusion(&index.to_be_bytes().to_vec(), index, &proof).unwrap();
    }
    for old in 1..LARGEST as u64 {
        let proof = ours.consistency_proof(old, LARGEST as u64).unwrap().concat();
        let old_root = RootHash::<Sha256>::new(ours.root_at(old).unwrap().into(), old);
        root.verify_consistency(&old_root, &ConsistencyProof::<Sha256>::try_from_bytes(proof).unwrap())
            .unwrap();
    }
}

fn any_value() -> impl Strategy<Value = Value> {
    let text = "[\u{0}-\u{1f} -~é\u{e000}\u{ffff}\u{10000}💰]{0,6}";
    let integer = -canonical::INTEGER_MAX..=canonical::INTEGER_MAX;
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        integer.prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(text, inner, 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn serde_jcs_writes_the_same_bytes(value in any_value()) {
        prop_assert_eq!(canonical::to_vec(&value).unwrap(), serde_jcs::to_vec(&value).unwrap());
    }
}
