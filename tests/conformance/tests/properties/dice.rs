//! Random numbers that a seed replays, on every machine alike.

/// SplitMix64: small, good enough to choose acts, and free of dependencies that could change its sequence.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Below `count`, which is at least 1.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        (self.roll() % count as u64) as usize
    }

    pub(crate) fn chance(&mut self, percent: u64) -> bool {
        self.roll() % 100 < percent
    }

    /// One of a list that is not empty.
    pub(crate) fn pick<T: Copy>(&mut self, things: &[T]) -> T {
        things[self.below(things.len())]
    }

    /// One of a list, mostly a late one, so that what was begun gets finished.
    pub(crate) fn recent<T: Copy>(&mut self, things: &[T]) -> Option<T> {
        let window = if self.chance(60) { 3 } else { things.len() };
        let window = window.min(things.len());
        (window > 0).then(|| things[things.len() - 1 - self.below(window)])
    }
}
