//! What the shop stores: records of text fields, as its database hands them out.

use std::collections::BTreeMap;
use std::str::FromStr;

use rust_decimal::Decimal;

/// A row's key, counted per table from 1.
pub type Id = u64;

/// One field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// The database's NULL, shown as an empty element.
    Null,
    /// A plain value, already in the form that the shop shows.
    Text(String),
    /// One text per language id.
    Localized(BTreeMap<Id, String>),
}

/// One element of an association, such as a row of a cart.
pub type AssociationRow = BTreeMap<String, String>;

/// One entity: a row of a table with its associations.
#[derive(Debug, Clone, Default)]
pub struct Record {
    /// The entity's id.
    pub id: Id,
    fields: BTreeMap<String, Value>,
    /// Elements per association name.
    pub associations: BTreeMap<String, Vec<AssociationRow>>,
}

impl Record {
    /// An empty record with an id; 0 lets the table choose one.
    #[must_use]
    pub fn numbered(id: Id) -> Self {
        Self { id, ..Self::default() }
    }

    /// The stored value; `Null` when the field was never set.
    #[must_use]
    pub fn value(&self, field: &str) -> &Value {
        self.fields.get(field).unwrap_or(&Value::Null)
    }

    /// The field as text, empty for NULL and for localized values.
    #[must_use]
    pub fn text(&self, field: &str) -> &str {
        match self.fields.get(field) {
            Some(Value::Text(text)) => text,
            _ => "",
        }
    }

    /// The field as an id, 0 when it is none.
    #[must_use]
    pub fn id_of(&self, field: &str) -> Id {
        self.text(field).parse().unwrap_or(0)
    }

    /// The field as a signed whole number, 0 when it is none.
    #[must_use]
    pub fn integer(&self, field: &str) -> i64 {
        self.text(field).parse().unwrap_or(0)
    }

    /// The field as a decimal, 0 when it is none.
    #[must_use]
    pub fn decimal(&self, field: &str) -> Decimal {
        Decimal::from_str(self.text(field).trim()).unwrap_or_default()
    }

    /// Whether a yes/no field says yes.
    #[must_use]
    pub fn flag(&self, field: &str) -> bool {
        !matches!(self.text(field), "" | "0")
    }

    /// The text in a language, or in the first one that has it.
    #[must_use]
    pub fn localized(&self, field: &str, language: Id) -> &str {
        match self.value(field) {
            Value::Localized(texts) => {
                texts.get(&language).or_else(|| texts.values().next()).map_or("", String::as_str)
            }
            Value::Text(text) => text,
            Value::Null => "",
        }
    }

    /// Replaces a field by a plain value.
    pub fn set(&mut self, field: &str, value: impl Into<String>) {
        self.fields.insert(field.to_owned(), Value::Text(value.into()));
    }

    /// Replaces a field.
    pub fn set_value(&mut self, field: &str, value: Value) {
        self.fields.insert(field.to_owned(), value);
    }

    /// Replaces a field by an amount with six decimals.
    pub fn set_amount(&mut self, field: &str, amount: Decimal) {
        self.set(field, six_decimals(amount));
    }

    /// The record with a field set, for building seeds.
    #[must_use]
    pub fn with(mut self, field: &str, value: impl ToString) -> Self {
        self.set(field, value.to_string());
        self
    }

    /// The record with the same text in all of the given languages.
    #[must_use]
    pub fn with_texts(mut self, field: &str, texts: &[&str]) -> Self {
        let texts = texts.iter().zip(1..).map(|(text, language)| (language, (*text).to_owned())).collect();
        self.set_value(field, Value::Localized(texts));
        self
    }

    /// Names and values of all fields that were set.
    pub fn fields(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.fields.iter()
    }
}

/// An amount as the shop's database shows it: `54.29` as `54.290000`.
#[must_use]
pub fn six_decimals(amount: Decimal) -> String {
    with_scale(amount, 6)
}

/// A number with exactly so many decimals, halves away from zero.
#[must_use]
pub fn with_scale(amount: Decimal, scale: u32) -> String {
    let mut amount =
        amount.round_dp_with_strategy(scale, rust_decimal::RoundingStrategy::MidpointAwayFromZero);
    amount.rescale(scale);
    amount.to_string()
}

/// All entities of one resource.
#[derive(Debug, Clone)]
pub struct Table {
    rows: BTreeMap<Id, Record>,
    next_id: Id,
}

impl Default for Table {
    fn default() -> Self {
        Self { rows: BTreeMap::new(), next_id: 1 }
    }
}

impl Table {
    /// The entity with this id.
    #[must_use]
    pub fn get(&self, id: Id) -> Option<&Record> {
        self.rows.get(&id)
    }

    /// The entity with this id, for changing it.
    pub fn get_mut(&mut self, id: Id) -> Option<&mut Record> {
        self.rows.get_mut(&id)
    }

    /// Stores an entity under the next free id, or under its own if it has one, and returns that id.
    pub fn insert(&mut self, mut record: Record) -> Id {
        if record.id == 0 {
            record.id = self.next_id;
        }
        let id = record.id;
        self.next_id = self.next_id.max(id + 1);
        self.rows.insert(id, record);
        id
    }

    /// Removes an entity; its id is never given again.
    pub fn remove(&mut self, id: Id) -> Option<Record> {
        self.rows.remove(&id)
    }

    /// All entities by ascending id.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Record> {
        self.rows.values()
    }

    /// The id that the next entity will get.
    #[must_use]
    pub fn next_id(&self) -> Id {
        self.next_id
    }

    /// Lets the next entity get at least this id, as if entities in between had been deleted.
    pub fn skip_to(&mut self, id: Id) {
        self.next_id = self.next_id.max(id);
    }

    /// How many entities there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }
}
