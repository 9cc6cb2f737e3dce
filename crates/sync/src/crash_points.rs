//! Where the fault lab ends this process: before and after each write to the outside, and after the commit that keeps
//! what came of it.
//!
//! Only a debug build obeys, and only one whose environment names a folder in [`VARIABLE`]. A build feature would need
//! the whole program twice; this way the lab runs the very program that the other tests run, and in a release build
//! [`reach`] is an empty function.

use std::fmt;

/// Names a folder. A file in it that is named like a point, such as `order:answered`, ends a debug build there, at the
/// pass that the file says, counted over all processes. Whichever process takes the file away is the one that ends, so
/// that of many that come to a point one ends, whoever it is.
pub const VARIABLE: &str = "ORDERBRIDGE_CRASH_POINTS";

/// Something that is written outside, or read there at a price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutsideWrite {
    Customer,
    Address,
    /// A cart, made or given up.
    Cart,
    /// The prices of a cart, pinned or taken back.
    Prices,
    Order,
    ShippingProduct,
    StoreState,
    StoreTracking,
    /// The recipient's address in place of the one that stood in for it while TikTok Shop held the order.
    StoreAddress,
    Reference,
    Tokens,
    /// Units marked as shipped by the seller.
    Shipment,
    /// A package that ships with TikTok's label.
    Package,
    ShippingCorrection,
    Cancellation,
    /// The answer to a buyer's request to cancel.
    RequestAnswer,
    Label,
}

/// When, seen from the write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    /// Nothing has left.
    Before,
    /// The other side has done it, and nothing here knows.
    Answered,
    /// What came of it is committed, and nothing that follows has begun.
    Recorded,
}

/// One place at which the process can be ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct CrashPoint {
    pub write: OutsideWrite,
    pub moment: Moment,
}

impl OutsideWrite {
    pub const ALL: [Self; 17] = [
        Self::Customer,
        Self::Address,
        Self::Cart,
        Self::Prices,
        Self::Order,
        Self::ShippingProduct,
        Self::StoreState,
        Self::StoreTracking,
        Self::StoreAddress,
        Self::Reference,
        Self::Tokens,
        Self::Shipment,
        Self::Package,
        Self::ShippingCorrection,
        Self::Cancellation,
        Self::RequestAnswer,
        Self::Label,
    ];

    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Address => "address",
            Self::Cart => "cart",
            Self::Prices => "prices",
            Self::Order => "order",
            Self::ShippingProduct => "shipping_product",
            Self::StoreState => "store_state",
            Self::StoreTracking => "store_tracking",
            Self::StoreAddress => "store_address",
            Self::Reference => "reference",
            Self::Tokens => "tokens",
            Self::Shipment => "shipment",
            Self::Package => "package",
            Self::ShippingCorrection => "shipping_correction",
            Self::Cancellation => "cancellation",
            Self::RequestAnswer => "request_answer",
            Self::Label => "label",
        }
    }

    /// Whether a commit of its own follows. A package is kept together with its shipment; the product is found again by its
    /// reference, and the reference may be registered twice.
    #[must_use]
    pub const fn is_recorded(self) -> bool {
        !matches!(self, Self::Package | Self::ShippingProduct | Self::Reference)
    }
}

impl Moment {
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::Answered => "answered",
            Self::Recorded => "recorded",
        }
    }
}

impl CrashPoint {
    /// Every point there is.
    pub fn all() -> impl Iterator<Item = Self> {
        OutsideWrite::ALL.into_iter().flat_map(|write| {
            let moments = [Moment::Before, Moment::Answered, Moment::Recorded];
            let moments = moments.into_iter().take(if write.is_recorded() { 3 } else { 2 });
            moments.map(move |moment| Self { write, moment })
        })
    }
}

impl fmt::Display for CrashPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.write.name(), self.moment.name())
    }
}

/// Makes the write, with a point before it and one after its answer.
pub(crate) async fn around<T>(write: OutsideWrite, call: impl Future<Output = T>) -> T {
    reach(write, Moment::Before);
    let answer = call.await;
    reach(write, Moment::Answered);
    answer
}

/// What came of the write is committed.
pub(crate) fn recorded(write: OutsideWrite) {
    debug_assert!(write.is_recorded(), "{write:?} has no such point");
    reach(write, Moment::Recorded);
}

#[cfg(not(debug_assertions))]
const fn reach(_write: OutsideWrite, _moment: Moment) {}

#[cfg(debug_assertions)]
fn reach(write: OutsideWrite, moment: Moment) {
    armed::reach(CrashPoint { write, moment });
}

#[cfg(debug_assertions)]
mod armed {
    use std::fs;
    use std::io::Write;
    use std::path::{Path, PathBuf};
    use std::sync::LazyLock;

    use super::{CrashPoint, VARIABLE};

    static FOLDER: LazyLock<Option<PathBuf>> =
        LazyLock::new(|| std::env::var_os(VARIABLE).map(PathBuf::from));

    pub(super) fn reach(point: CrashPoint) {
        if FOLDER.as_ref().is_some_and(|folder| strikes(folder, point)) {
            // In one piece, or another thread's line may stand amid the words; nobody is left to hear that they failed.
            drop(std::io::stderr().write_all(format!("ended at the crash point {point}\n").as_bytes()));
            // As a power cut: nothing is unwound, flushed or given back.
            std::process::abort();
        }
    }

    /// Counts this pass, and says whether it is the one at which this process ends.
    pub(super) fn strikes(folder: &Path, point: CrashPoint) -> bool {
        let file = folder.join(point.to_string());
        let Ok(passes) = fs::read_to_string(&file) else { return false };
        match passes.parse::<u32>() {
            Ok(passes @ 2..) => {
                // Two passes at the same moment may count as one.
                drop(fs::write(&file, (passes - 1).to_string()));
                false
            }
            _ => fs::remove_file(&file).is_ok(),
        }
    }

    #[cfg(test)]
    mod tests {
        use std::fs;

        use super::super::{CrashPoint, Moment, OutsideWrite};
        use super::strikes;

        #[test]
        fn a_point_ends_one_process_at_the_pass_that_its_file_says() {
            let folder = tempfile::tempdir().expect("a folder");
            fs::write(folder.path().join("order:answered"), "2").expect("writable");
            let pass = |moment| strikes(folder.path(), CrashPoint { write: OutsideWrite::Order, moment });

            assert!(!pass(Moment::Before));
            assert_eq!([(); 3].map(|()| pass(Moment::Answered)), [false, true, false]);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;

    fn sources(folder: &Path) -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("the sources are there");
        let mut files = Vec::new();
        for path in entries.map(|entry| entry.expect("readable").path()) {
            if path.is_dir() {
                files.extend(sources(&path));
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
        files
    }

    /// The formatter may break a line anywhere.
    fn without_space(file: &Path) -> String {
        fs::read_to_string(file).expect("readable").split_whitespace().collect()
    }

    /// The public methods of a client that hold one of these calls.
    fn methods_with(client: &str, calls: &[&str]) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(client).join("src");
        let mut methods = BTreeSet::new();
        for file in sources(&folder) {
            let text = fs::read_to_string(file).expect("readable");
            for method in text.split("pub async fn ").skip(1) {
                let name = method.split(['(', '<']).next().unwrap_or_default();
                let body = method.split("\n    }\n").next().unwrap_or_default();
                if calls.iter().any(|call| body.contains(call)) {
                    methods.insert(name.to_owned());
                }
            }
        }
        methods
    }

    #[test]
    fn every_write_to_the_outside_stands_between_two_points() {
        let writes = ["self.create(", "self.create_all(", "self.change(", "self.delete("];
        let mut methods = methods_with("prestashop", &writes);
        methods.extend(methods_with("tiktok-shop", &["Call::write("]));
        // Read, but each reading is dear: it ends the old tokens, or makes a label.
        methods.extend(["refresh", "shipping_document"].map(str::to_owned));
        assert!(methods.len() > 15, "{methods:?}");

        let mut seen = BTreeSet::new();
        let mut bare = Vec::new();
        for file in sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
            let text = without_space(&file);
            for method in &methods {
                for (index, _) in text.match_indices(&format!(".{method}(")) {
                    // The job queue's and our own functions of that name are free-standing.
                    let before = &text[..index];
                    let statement = before.rsplit([';', '}']).next().unwrap_or_default();
                    if !statement.contains("around(OutsideWrite::") {
                        bare.push(format!("{}: {method}", file.display()));
                    }
                    seen.insert(method.clone());
                }
            }
        }

        assert_eq!(bare, Vec::<String>::new());
        assert!(seen.len() >= OutsideWrite::ALL.len(), "{seen:?}");
    }

    #[test]
    fn every_point_that_is_listed_is_reached_somewhere() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let code: String = sources(&folder)
            .iter()
            .filter(|file| !file.ends_with("crash_points.rs"))
            .map(|file| without_space(file))
            .collect();
        for write in OutsideWrite::ALL {
            assert!(code.contains(&format!("around(OutsideWrite::{write:?}")), "{write:?}");
            let recorded = code.contains(&format!("recorded(OutsideWrite::{write:?}"))
                || code.contains(&format!("=>OutsideWrite::{write:?}"));
            assert_eq!(recorded, write.is_recorded(), "{write:?}");
        }
    }
}
