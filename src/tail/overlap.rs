//! Two lines to one worker for a while, and every event once. Pure.
//!
//! Events carry no id. While two lines overlap, each frame is counted on either; as many are passed on
//! as the line with more of them has brought. So two equal events stay two, and an event that both
//! lines brought stays one.

use std::collections::HashMap;
use std::hash::{BuildHasher as _, RandomState};

/// Which of the two lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that goes.
    Old,
    /// The one that comes.
    New,
}

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Overlap {
    hashers: [RandomState; 2],
    counts: HashMap<(u64, u64), [u32; 2]>,
}

impl Overlap {
    /// Counts a frame; whether it is to be passed on.
    pub(super) fn is_new(&mut self, side: Side, frame: &[u8]) -> bool {
        let [first, second] = &self.hashers;
        let key = (first.hash_one(frame), second.hash_one(frame));
        let [old, new] = self.counts.entry(key).or_default();
        let (mine, other) = match side {
            Side::Old => (old, *new),
            Side::New => (new, *old),
        };
        *mine = mine.saturating_add(1);
        *mine > other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(frames: &[(Side, &str)]) -> usize {
        let mut overlap = Overlap::default();
        frames.iter().filter(|(side, frame)| overlap.is_new(*side, frame.as_bytes())).count()
    }

    #[test]
    fn the_larger_of_the_two_counts_is_kept() {
        use Side::{New, Old};
        assert_eq!(passed(&[(Old, "a"), (New, "a")]), 1);
        assert_eq!(passed(&[(Old, "a"), (Old, "a"), (New, "a"), (New, "a"), (New, "a")]), 3);
        assert_eq!(passed(&[(New, "a"), (Old, "a"), (Old, "a")]), 2, "either may be ahead");
        assert_eq!(passed(&[(Old, "a"), (New, "b")]), 2);
    }

    proptest::proptest! {
        #[test]
        fn any_order_of_the_two_lines_passes_on_the_larger_count(
            frames in proptest::collection::vec((proptest::bool::ANY, 0_u8..4), 0..60)
        ) {
            let mut overlap = Overlap::default();
            let (mut passed, mut came) = ([0_u32; 4], [[0_u32; 2]; 4]);
            for (old, kind) in frames {
                let at = usize::from(kind);
                came[at][usize::from(old)] += 1;
                let side = if old { Side::Old } else { Side::New };
                passed[at] += u32::from(overlap.is_new(side, &[kind]));
            }
            for kind in 0..4 {
                proptest::prop_assert_eq!(passed[kind], came[kind][0].max(came[kind][1]));
            }
        }
    }
}
