//! Ids as TikTok Shop makes them: 18 or 19 decimal digits, beyond what a JavaScript number can hold.

/// What an id stands for; each kind has its own range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Order,
    LineItem,
    Package,
    Cancellation,
    Buyer,
    Notification,
}

/// Gives out ids in ascending order; the same seed gives the same ids.
#[derive(Debug)]
pub struct Mint {
    start: u64,
    given: u64,
}

impl Mint {
    /// A mint whose first ids depend on the seed.
    pub fn new(seed: u64) -> Self {
        Self { start: (seed % 997) * 1_000_000_000_000, given: 0 }
    }

    /// The next id.
    pub fn next(&mut self, kind: Kind) -> String {
        let base: u64 = match kind {
            Kind::Order => 576_461_413_038_785_752,
            Kind::LineItem => 578_086_512_123_755_123,
            Kind::Package => 1_152_321_127_278_713_123,
            Kind::Cancellation => 4_035_318_504_086_604_100,
            Kind::Buyer => 7_494_845_267_308_415_300,
            Kind::Notification => 7_392_922_053_974_394_642,
        };
        self.given += 1;
        (base + self.start + self.given * 977).to_string()
    }
}
