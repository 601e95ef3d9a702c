//! The hash of the compiled table: fixed, 64 bits, equal on every platform, blind to ASCII case.
//!
//! Multiply and rotate as in Firefox's `FxHash` (<https://nnethercote.github.io/2021/12/08/a-brutally-effective-hash-function-in-rust.html>).
//! The keys are the names of a catalogue that its user chose, so resistance to crafted collisions is not needed.

/// The multiplier of `FxHash`.
const SEED: u64 = 0x51_7c_c1_b7_27_22_0a_95;

/// Hashes `name` as if it were in ASCII lower case.
#[must_use]
pub fn hash(name: &[u8]) -> u64 {
    let (words, tail) = name.as_chunks::<8>();
    let mut state = name.len() as u64;
    for word in words {
        state = mix(state, lower(u64::from_le_bytes(*word)));
    }
    if !tail.is_empty() {
        state = mix(state, lower(last_word(tail)));
    }
    // The multiplication leaves the low bits weak, and the table is indexed by them.
    state ^ (state >> 32)
}

/// The word of fewer than eight bytes, the missing ones 0. Read in two pieces that may overlap: bytes that are stored one
/// by one and then loaded as one word would have to wait for each other.
fn last_word(tail: &[u8]) -> u64 {
    let (low, high, at) = match (tail.first_chunk::<4>(), tail.last_chunk::<4>()) {
        (Some(low), Some(high)) => (
            u64::from(u32::from_le_bytes(*low)),
            u64::from(u32::from_le_bytes(*high)),
            tail.len().saturating_sub(4),
        ),
        _ => {
            let byte = |at: usize| tail.get(at).map_or(0, |byte| u64::from(*byte));
            (byte(0) | byte(1) << 8, byte(2), 2)
        }
    };
    low | high << at.saturating_mul(8)
}

const fn mix(state: u64, word: u64) -> u64 {
    (state.rotate_left(5) ^ word).wrapping_mul(SEED)
}

/// ASCII capitals to lower case, eight bytes at once; other bytes stay.
const fn lower(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let low = word & !HIGH;
    // Each sum sets the top bit of the bytes from `A` on, and past `Z`; with that bit cleared before, none carries.
    const FROM_A: u64 = ONES.wrapping_mul(0x80_u64.wrapping_sub(b'A' as u64));
    const PAST_Z: u64 = ONES.wrapping_mul(0x7f_u64.wrapping_sub(b'Z' as u64));
    let from_a = low.wrapping_add(FROM_A);
    let past_z = low.wrapping_add(PAST_Z);
    let capital = (from_a ^ past_z) & HIGH & !word;
    word | (capital >> 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn is_the_same_everywhere() {
        assert_eq!(hash(b""), 0);
        assert_eq!(hash(b"gpt-4o"), hash(b"GPT-4O"));
        assert_ne!(hash(b"gpt-4o"), hash(b"gpt-4o\0"));
        assert_eq!(hash(b"claude-sonnet-4-5"), 3_015_617_998_756_452_299);
    }

    proptest! {
        #[test]
        fn the_last_word_is_padded_with_zeros(bytes in prop::collection::vec(any::<u8>(), 1..8)) {
            let padded = std::array::from_fn(|at| bytes.get(at).copied().unwrap_or(0));
            prop_assert_eq!(last_word(&bytes), u64::from_le_bytes(padded));
        }

        #[test]
        fn folds_case_as_ascii_does(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            prop_assert_eq!(hash(&bytes), hash(&bytes.to_ascii_lowercase()));
            let word: [u8; 8] = std::array::from_fn(|i| bytes.get(i).copied().unwrap_or(b'Q'));
            prop_assert_eq!(lower(u64::from_le_bytes(word)).to_le_bytes().to_vec(), word.to_ascii_lowercase());
        }
    }
}
