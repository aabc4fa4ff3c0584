//! The figure that one outlier does not move.

/// The middle of `times` (the upper one of two); `None` where there are none.
pub fn median(mut times: Vec<u64>) -> Option<u64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn one_outlier_does_not_move_it() {
        assert_eq!(median(vec![9000, 3, 5]), Some(5));
        assert_eq!(median(vec![7, 3]), Some(7));
        assert_eq!(median(Vec::new()), None);
    }
}
