//! The shop's whole memory: tables, settings, keys, carriers' rules and the mails it sent.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use clock::{Clock, ShiftedClock};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rust_decimal::Decimal;
use serde::Serialize;

use super::auth::Key;
use super::record::{Id, Record, Table};
use super::schema::{self, Schema};
use super::time_zone::TimeZone;
use super::version::Version;

/// Dates that are none.
pub const NO_DATE: &str = "0000-00-00 00:00:00";

/// What a carrier costs and whom it serves.
#[derive(Debug, Clone, Default)]
pub struct CarrierRules {
    /// Net price per zone; a zone that is missing is not served.
    pub zone_prices: BTreeMap<Id, Decimal>,
    /// Customer groups that may choose it.
    pub groups: Vec<Id>,
}

/// Switches of the shop and of the machine under it that are no configuration values.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of the shop.
    pub shop_name: String,
    /// The time zone that dates are shown in.
    pub time_zone: TimeZone,
    /// Whether the webservice answers at all.
    pub webservice_enabled: bool,
    /// Whether PHP prints its errors into the answers.
    pub debug_mode: bool,
    /// Whether the invoice cannot be rendered.
    pub invoice_pdf_broken: bool,
    /// Whether the webservice reports PHP's deprecations as errors.
    pub reports_deprecations: bool,
    /// Whether the web server lets nothing but `GET`, `HEAD` and `POST` through.
    pub blocks_methods: bool,
    /// Technical and shown names of the installed payment modules.
    pub payment_modules: BTreeMap<String, String>,
    /// Whether mails are sent.
    pub mails_enabled: bool,
    /// Resource and field pairs that the merchant made mandatory.
    pub required_fields: Vec<(String, String)>,
    /// How long an order POST takes, in milliseconds.
    pub order_post_ms: u64,
    /// How long every other call takes, in milliseconds.
    pub call_ms: u64,
    /// How long an order POST knows its invoice number before it writes it, in milliseconds; two that overlap
    /// write the same one. Without it a two-hundredth of `order_post_ms`.
    pub invoice_race_ms: Option<u64>,
}

/// A mail that the shop sent.
#[derive(Debug, Clone, Serialize)]
pub struct Mail {
    /// When, in the shop's time.
    pub date: String,
    /// The recipient's address.
    pub to: String,
    /// The subject line.
    pub subject: String,
    /// Name of the shop's template.
    pub template: String,
}

/// The shop.
#[derive(Debug)]
pub struct Shop {
    /// Version of its code.
    pub version: Version,
    /// Its address without a slash at the end; `Host` has to match it.
    pub url: String,
    /// Switches.
    pub settings: Settings,
    /// Keys of the webservice.
    pub keys: Vec<Key>,
    /// Rules per carrier id.
    pub carrier_rules: HashMap<Id, CarrierRules>,
    /// Mails sent so far.
    pub mails: Vec<Mail>,
    /// Which payment pays which invoice of which order: (order, invoice, payment).
    pub invoice_payments: Vec<(Id, Id, Id)>,
    tables: HashMap<&'static str, Table>,
    /// Ids per resource and order, for the resources that belong to orders.
    of_order: HashMap<(&'static str, Id), Vec<Id>>,
    clock: Arc<ShiftedClock>,
    random: StdRng,
}

impl Shop {
    /// An empty shop.
    #[must_use]
    pub fn new(version: Version, url: String, clock: Arc<ShiftedClock>, seed: u64) -> Self {
        let settings = Settings {
            shop_name: "Example Shop".to_owned(),
            time_zone: TimeZone::Utc,
            webservice_enabled: true,
            debug_mode: false,
            invoice_pdf_broken: false,
            reports_deprecations: false,
            blocks_methods: false,
            payment_modules: BTreeMap::new(),
            mails_enabled: true,
            required_fields: Vec::new(),
            order_post_ms: 0,
            call_ms: 0,
            invoice_race_ms: None,
        };
        Self {
            version,
            url,
            settings,
            keys: Vec::new(),
            carrier_rules: HashMap::new(),
            mails: Vec::new(),
            invoice_payments: Vec::new(),
            tables: HashMap::new(),
            of_order: HashMap::new(),
            clock,
            random: StdRng::seed_from_u64(seed),
        }
    }

    /// The shape of a resource in this shop's version.
    ///
    /// # Panics
    /// For a resource that is not described.
    #[must_use]
    pub fn schema(&self, resource: &str) -> &'static Schema {
        schema::of(self.version, resource).expect("only described resources are asked for")
    }

    /// All entities of a resource.
    #[must_use]
    pub fn table(&self, resource: &str) -> &Table {
        static EMPTY: std::sync::LazyLock<Table> = std::sync::LazyLock::new(Table::default);
        self.tables.get(resource).unwrap_or(&EMPTY)
    }

    /// All entities of a resource, for changing them.
    pub fn table_mut(&mut self, resource: &'static str) -> &mut Table {
        self.tables.entry(resource).or_default()
    }

    /// An entity.
    #[must_use]
    pub fn get(&self, resource: &str, id: Id) -> Option<&Record> {
        self.table(resource).get(id)
    }

    /// An entity, for changing it.
    pub fn get_mut(&mut self, resource: &'static str, id: Id) -> Option<&mut Record> {
        self.table_mut(resource).get_mut(id)
    }

    /// Stores an entity with all fields in the form that the database gives them.
    pub fn insert(&mut self, resource: &'static str, record: Record) -> Id {
        let stored = super::write::as_stored(self.schema(resource), record);
        let order = stored.id_of("id_order");
        let id = self.table_mut(resource).insert(stored);
        if order != 0 {
            let ids = self.of_order.entry((resource, order)).or_default();
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        id
    }

    /// The entities of a resource that belong to an order, oldest first.
    pub fn belonging_to(&self, resource: &'static str, order: Id) -> impl Iterator<Item = &Record> {
        let ids = self.of_order.get(&(resource, order)).map_or(&[][..], Vec::as_slice);
        ids.iter()
            .filter_map(move |id| self.get(resource, *id))
            .filter(move |record| record.id_of("id_order") == order)
    }

    /// The value of a configuration variable, empty when it is not set.
    #[must_use]
    pub fn configuration(&self, name: &str) -> &str {
        self.table("configurations")
            .iter()
            .find(|record| record.text("name") == name)
            .map_or("", |record| record.text("value"))
    }

    /// A configuration variable that holds an id.
    #[must_use]
    pub fn configured_id(&self, name: &str) -> Id {
        self.configuration(name).parse().unwrap_or(0)
    }

    /// Whether a configuration variable is switched on.
    #[must_use]
    pub fn configured(&self, name: &str) -> bool {
        !matches!(self.configuration(name), "" | "0")
    }

    /// Sets a configuration variable.
    pub fn configure(&mut self, name: &str, value: &str) {
        let date = self.now();
        let known = self
            .table("configurations")
            .iter()
            .find(|record| record.text("name") == name)
            .map(|record| record.id);
        match known.and_then(|id| self.get_mut("configurations", id)) {
            Some(record) => {
                record.set("value", value);
                record.set("date_upd", date);
            }
            None => {
                let record = Record::default()
                    .with("name", name)
                    .with("value", value)
                    .with("date_add", &date)
                    .with("date_upd", &date);
                self.insert("configurations", record);
            }
        }
    }

    /// The time as the shop writes it.
    #[must_use]
    pub fn now(&self) -> String {
        self.time_plus(TimeDelta::zero())
    }

    /// A later or earlier time as the shop writes it.
    #[must_use]
    pub fn time_plus(&self, difference: TimeDelta) -> String {
        let local = self.settings.time_zone.local(self.instant() + difference);
        local.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    /// The business time.
    #[must_use]
    pub fn instant(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// The clock that this shop runs by.
    #[must_use]
    pub fn clock(&self) -> &ShiftedClock {
        &self.clock
    }

    /// 32 hexadecimal digits.
    pub fn random_key(&mut self) -> String {
        let bytes: [u8; 16] = self.random.random();
        hex::encode(bytes)
    }

    /// A new order reference: nine capital letters.
    pub fn random_reference(&mut self) -> String {
        (0..9).map(|_| char::from(b'A' + self.random.random_range(0..26))).collect()
    }

    /// A factor around 1, from 0.8 to 1.2.
    pub fn random_factor(&mut self) -> f64 {
        self.random.random_range(0.8..1.2)
    }

    /// Sends a mail, unless mails are off.
    pub fn send_mail(&mut self, to: &str, subject: &str, template: &str) {
        if !self.settings.mails_enabled || self.configuration("PS_MAIL_METHOD") == "3" {
            return;
        }
        // 8.1 lost the shop's name in front.
        let subject = if self.version.is_nine() {
            format!("[{}] {subject}", self.settings.shop_name)
        } else {
            subject.to_owned()
        };
        let date = self.now();
        self.mails.push(Mail { date, to: to.to_owned(), subject, template: template.to_owned() });
    }

    /// Ids of the languages, ascending.
    #[must_use]
    pub fn languages(&self) -> Vec<Id> {
        self.table("languages").iter().map(|language| language.id).collect()
    }

    /// The carrier row of an order that holds its tracking number.
    #[must_use]
    pub fn order_carrier(&self, order: Id) -> Option<&Record> {
        self.belonging_to("order_carriers", order).next()
    }

    /// The rows of an order.
    pub fn order_details(&self, order: Id) -> impl Iterator<Item = &Record> {
        self.belonging_to("order_details", order)
    }
}
