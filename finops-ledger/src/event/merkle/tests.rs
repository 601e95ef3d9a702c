#![expect(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    reason = "small numbers of the tests"
)]

use super::*;

const LARGEST: u64 = 64;

fn leaves() -> Vec<Hash> {
    (0..LARGEST).map(|i| leaf_hash(&i.to_be_bytes())).collect()
}

fn full() -> Tree {
    leaves().into_iter().collect()
}

/// RFC 6962 section 2.1, word for word.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => empty_root(),
        [leaf] => *leaf,
        _ => {
            let mut k = 1;
            while k * 2 < leaves.len() {
                k *= 2;
            }
            node_hash(&root_by_definition(&leaves[..k]), &root_by_definition(&leaves[k..]))
        }
    }
}

#[test]
fn frontier_tree_and_definition_agree() {
    let (leaves, tree) = (leaves(), full());
    let mut frontier = Frontier::new();
    for size in 0..=leaves.len() {
        let root = root_by_definition(&leaves[..size]);
        assert_eq!(frontier.root(), root, "{size}");
        assert_eq!(tree.root_at(size as u64), Some(root), "{size}");
        let again = Frontier::from_parts(frontier.size(), frontier.hashes().to_vec()).unwrap();
        assert_eq!(again, frontier);
        assert_eq!(Frontier::from_parts(frontier.size() + 1 + frontier.size(), vec![]), None);
        if let Some(leaf) = leaves.get(size) {
            frontier.push(*leaf);
        }
    }
    assert_eq!(tree.root_at(LARGEST + 1), None);
}

#[test]
fn a_truncated_tree_goes_on_as_if_nothing_had_been() {
    for size in 0..LARGEST {
        let mut tree = full();
        tree.truncate(size);
        assert_eq!((tree.size(), tree.root_at(size)), (size, full().root_at(size)));
        leaves().into_iter().skip(size as usize).for_each(|leaf| tree.push(leaf));
        assert_eq!(tree.root_at(LARGEST), full().root_at(LARGEST));
    }
}

#[test]
fn every_inclusion_proof_holds_and_every_mutation_is_refused() {
    let tree = full();
    for size in 1..=LARGEST {
        let root = tree.root_at(size).unwrap();
        for index in 0..size {
            let leaf = tree.leaf(index).unwrap();
            let proof = tree.inclusion_proof(index, size).unwrap();
            let holds = |index, proof: &[Hash]| verify_inclusion(&leaf, index, size, proof, &root);
            assert!(holds(index, &proof), "{index} of {size}");
            assert!((0..size + 2).all(|other| other == index || !holds(other, &proof)));
            mutations(&proof, |mutant| assert!(!holds(index, mutant), "{index} of {size}"));
        }
        assert_eq!(tree.inclusion_proof(size, size), None);
    }
    assert_eq!(tree.inclusion_proof(0, LARGEST + 1), None);
}

#[test]
fn every_consistency_proof_holds_and_every_mutation_is_refused() {
    let tree = full();
    let root = |size| tree.root_at(size).unwrap();
    for new in 0..=LARGEST {
        for old in 0..=new {
            let proof = tree.consistency_proof(old, new).unwrap();
            let holds = |proof: &[Hash]| verify_consistency(old, new, &root(old), &root(new), proof);
            assert!(holds(&proof), "{old} to {new}");
            mutations(&proof, |mutant| assert!(!holds(mutant), "{old} to {new}"));
            let other = leaf_hash(b"other");
            assert!(!verify_consistency(old, new, &other, &root(new), &proof));
            // Every tree extends the empty one, whatever its root.
            assert!(old == 0 && new > 0 || !verify_consistency(old, new, &root(old), &other, &proof));
            assert!(old == new || !verify_consistency(new, old, &root(new), &root(old), &proof));
        }
    }
    assert_eq!(tree.consistency_proof(2, 1), None);
    assert_eq!(tree.consistency_proof(1, LARGEST + 1), None);
}

/// A flipped bit of each hash, a hash less, a hash more, two neighbours swapped.
fn mutations(proof: &[Hash], mut refused: impl FnMut(&[Hash])) {
    for at in 0..proof.len() {
        let mut mutant = proof.to_vec();
        mutant[at][31] ^= 1;
        refused(&mutant);
        mutant = proof.to_vec();
        mutant.remove(at);
        refused(&mutant);
        if at > 0 {
            mutant = proof.to_vec();
            mutant.swap(at - 1, at);
            refused(&mutant);
        }
    }
    for at in 0..=proof.len() {
        let mut mutant = proof.to_vec();
        mutant.insert(at, leaf_hash(b"more"));
        refused(&mutant);
    }
}
