//! From orders to the lines of a file. Pure.

use chrono::{DateTime, SecondsFormat, Utc};
use database::exported_orders::ExportedOrder;
use serde_json::{Map, Value, json};
use shared::{ExportColumn, ExportFormat};

/// One value of one order.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Cell {
    Nothing,
    /// Written by somebody else: a title, a name, a tag.
    Text(String),
    /// Written by us, in a form that no program takes for anything else: words of ours, times, amounts.
    Plain(String),
    Number(i64),
    List(Vec<String>),
}

/// What the file begins with.
#[must_use]
pub fn head(format: ExportFormat, columns: &[ExportColumn]) -> Vec<u8> {
    match format {
        ExportFormat::Csv => {
            let mut line = Vec::new();
            write_record(&mut line, columns.iter().map(ToString::to_string));
            line
        }
        ExportFormat::JsonLines => Vec::new(),
    }
}

/// Adds a line for each order.
pub fn write(file: &mut Vec<u8>, format: ExportFormat, columns: &[ExportColumn], orders: &[ExportedOrder]) {
    for order in orders {
        let cells = columns.iter().map(|column| cell(*column, order));
        match format {
            ExportFormat::Csv => write_record(file, cells.map(csv_field)),
            ExportFormat::JsonLines => {
                let names = columns.iter().map(ToString::to_string);
                let line: Map<String, Value> = names.zip(cells.map(json_value)).collect();
                file.extend(Value::Object(line).to_string().into_bytes());
                file.push(b'\n');
            }
        }
    }
}

/// A line of a table that holds texts of others only.
pub(crate) fn line_of(texts: &[String]) -> Vec<u8> {
    let mut line = Vec::new();
    write_record(&mut line, texts.iter().map(|text| csv_field(Cell::Text(text.clone()))));
    line
}

fn write_record(file: &mut Vec<u8>, fields: impl Iterator<Item = String>) {
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(file);
    writer.write_record(fields).expect("memory takes every byte, and every line has the same columns");
    writer.flush().expect("memory takes every byte");
}

fn cell(column: ExportColumn, order: &ExportedOrder) -> Cell {
    use ExportColumn as C;
    let summary = &order.summary;
    let store_order = summary.store_order.as_ref();
    let text = |text: Option<&str>| text.map_or(Cell::Nothing, |text| Cell::Text(text.to_owned()));
    let time = |time: Option<DateTime<Utc>>| {
        time.map_or(Cell::Nothing, |time| Cell::Plain(time.to_rfc3339_opts(SecondsFormat::Secs, true)))
    };
    let recipient = order.recipient.as_ref();
    match column {
        C::Id => Cell::Number(summary.id.0),
        C::ConnectionId => Cell::Number(summary.connection_id.0),
        C::TikTokOrderId => Cell::Plain(summary.tiktok_order_id.to_string()),
        C::Status => Cell::Plain(summary.status.to_string()),
        C::ChannelStatus => Cell::Text(summary.channel_status.as_str().to_owned()),
        C::ImportState => Cell::Plain(summary.import_state.to_string()),
        C::StoreOrderId => store_order.map_or(Cell::Nothing, |order| Cell::Number(order.id.0)),
        C::StoreOrderReference => text(store_order.and_then(|order| order.reference.as_deref())),
        C::StoreState => {
            text(store_order.and_then(|order| order.state.as_ref()).map(|state| state.name.as_str()))
        }
        C::FulfillmentType => Cell::Plain(summary.fulfillment_type.to_string()),
        C::CreatedAt => time(Some(summary.created_at)),
        C::ReceivedAt => time(Some(summary.received_at)),
        C::ImportedAt => time(summary.imported_at),
        C::UpdatedAt => time(Some(summary.updated_at)),
        C::ShipBy => time(summary.ship_by),
        C::Issue => {
            summary.first_issue.as_ref().map_or(Cell::Nothing, |issue| Cell::Plain(issue.code.to_string()))
        }
        C::OpenErrors => Cell::Number(summary.open_errors.into()),
        C::OpenWarnings => Cell::Number(summary.open_warnings.into()),
        C::FirstItem => Cell::Text(summary.first_item.clone()),
        C::Skus => Cell::List(order.skus.clone()),
        C::ItemCount => Cell::Number(summary.item_count.into()),
        C::UnitCount => Cell::Number(summary.unit_count.into()),
        C::Total => Cell::Plain(summary.total.amount.to_string()),
        C::Currency => Cell::Text(summary.total.currency.clone()),
        C::Country => text(summary.country.as_deref()),
        C::TrackingNumbers => Cell::List(order.tracking_numbers.clone()),
        C::Special => Cell::List(summary.special.iter().map(ToString::to_string).collect()),
        C::Tags => Cell::List(summary.tags.clone()),
        C::RecipientName => text(recipient.map(|recipient| recipient.name.as_str())),
        C::RecipientPhone => text(recipient.and_then(|recipient| recipient.phone.as_deref())),
        C::RecipientEmail => text(recipient.and_then(|recipient| recipient.email.as_deref())),
        C::RecipientAddress => {
            recipient.map_or(Cell::Nothing, |recipient| Cell::Text(recipient.lines.join(", ")))
        }
        C::RecipientPostalCode => text(recipient.and_then(|recipient| recipient.postal_code.as_deref())),
        C::RecipientCity => text(recipient.and_then(|recipient| recipient.city.as_deref())),
        C::RecipientRegion => text(recipient.and_then(|recipient| recipient.region.as_deref())),
        C::Assignee => text(summary.assignee.as_ref().map(|assignee| assignee.email.as_str())),
    }
}

fn json_value(cell: Cell) -> Value {
    match cell {
        Cell::Nothing => Value::Null,
        Cell::Text(text) | Cell::Plain(text) => Value::String(text),
        Cell::Number(number) => json!(number),
        Cell::List(texts) => json!(texts),
    }
}

fn csv_field(cell: Cell) -> String {
    match cell {
        Cell::Nothing => String::new(),
        Cell::Plain(text) => text,
        Cell::Number(number) => number.to_string(),
        Cell::Text(text) => harmless(text),
        // One list in one field: the separator is one that no SKU, tracking number or tag needs.
        Cell::List(texts) => harmless(texts.join("; ")),
    }
}

/// A text that no spreadsheet takes for a formula: an apostrophe in front makes it a text. Programs look past spaces and
/// quotation marks at the beginning, and begin anew in each line.
fn harmless(text: String) -> String {
    let begins_formula = |line: &str| {
        let line = line.trim_start_matches([' ', '"', '\'', '\u{feff}', '\u{a0}']);
        line.starts_with(['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠', '|', '%'])
    };
    if text.split('\n').any(begins_formula) || text.contains(['\t', '\r']) {
        // Without line breaks and tabs there is only one beginning.
        let one_line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        format!("'{one_line}")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_spreadsheet_would_run_becomes_text() {
        let table = [
            ("Candle", "Candle"),
            ("Candle - fig", "Candle - fig"),
            ("1+1", "1+1"),
            ("=1+1", "'=1+1"),
            ("+33612345678", "'+33612345678"),
            ("-2+3", "'-2+3"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "' =1"),
            ("\r=1", "' =1"),
            (" =1", "' =1"),
            ("\"=1\"", "'\"=1\""),
            ("＝1+1", "'＝1+1"),
            ("a\n=1", "'a =1"),
        ];

        for (text, expected) in table {
            assert_eq!(csv_field(Cell::Text(text.to_owned())), expected, "{text:?}");
        }
        assert_eq!(csv_field(Cell::List(vec!["=1".to_owned(), "b".to_owned()])), "'=1; b");
        assert_eq!(csv_field(Cell::Plain("-4.90".to_owned())), "-4.90", "an amount of ours stays a number");
    }

    #[test]
    fn fields_are_quoted_where_they_must_be() {
        let mut line = Vec::new();

        write_record(&mut line, ["a", "b,c", "d\"e", "f\ng"].map(ToOwned::to_owned).into_iter());

        assert_eq!(String::from_utf8(line).unwrap(), "a,\"b,c\",\"d\"\"e\",\"f\ng\"\r\n");
    }
}
