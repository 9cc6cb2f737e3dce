//! Files of orders.

use shared::{Export, ExportColumn, ExportFormat, ExportId, ExportState};

use crate::components::money::count;
use crate::text::{number_of_orders, status_words};

sentences! {
    EXPORT "Export"
    EXPORT_ORDERS "Export orders"
    EXPORT_LEAD "A file of the orders that you saw, the newest first. Orders that come after you start are not in it."
    WHICH_ORDERS "Which orders"
    ALL_ORDERS "All orders"
    EXPORT_FORMAT "Format"
    EXPORT_COLUMNS "Columns"
    COLUMNS_ABOUT_ORDERS "About orders"
    COLUMNS_ABOUT_BUYERS "About buyers"
    COLUMNS_ABOUT_BUYERS_HINT "Names and addresses are written out. That you exported them is recorded."
    COLUMNS_MISSING "Tick one column at least."
    START_EXPORT "Make the file"
    EXPORT_NOT_STARTED "The export could not be started"
    EXPORT_NOT_DOWNLOADED "The file could not be downloaded"
    EXPORTS_NOT_LOADED "Your exports could not be loaded"
    WRITING_FILE "Writing the file…"
    FILE_READY "The file is ready and is being saved."
    DOWNLOAD "Download"
    CANCEL_EXPORT "Stop"
    YOUR_EXPORTS "Your exports"
    NO_EXPORTS "None so far"
    NO_EXPORTS_MORE "The files that you make are kept here for 24 hours."
}

pub const EXPORT_LIST_COLUMNS: [&str; 4] = ["File", "Orders", "Made", ""];

pub const fn export_format(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "CSV, for spreadsheets",
        ExportFormat::JsonLines => "JSON Lines, for programs",
    }
}

/// The name under which a file is saved.
pub fn export_file(id: ExportId, format: ExportFormat) -> String {
    format!("orders-{id}.{format}")
}

/// What a filter is called that only addresses and the search box have.
pub fn filter_name(name: &str) -> String {
    if name == "q" { "Search".to_owned() } else { status_words(name) }
}

pub fn orders_to_export(number: i64, at_least: bool) -> String {
    let more = if at_least { "more than " } else { "" };
    format!("{more}{}", number_of_orders(number))
}

/// How far an export has come.
pub fn export_progress(export: &Export) -> String {
    match export.total {
        Some(total) => format!("{} of {} orders written", count(export.written), count(total)),
        None => format!("{} written", number_of_orders(export.written)),
    }
}

pub const fn export_state(state: ExportState) -> &'static str {
    match state {
        ExportState::Running => "Being made",
        ExportState::Done => "Ready",
        ExportState::Failed => "Not made",
        ExportState::Canceled => "Stopped",
        ExportState::Expired => "Gone",
    }
}

/// What a column holds.
pub const fn export_column(column: ExportColumn) -> &'static str {
    match column {
        ExportColumn::Id => "ID",
        ExportColumn::ConnectionId => "Connection",
        ExportColumn::TikTokOrderId => "TikTok Shop order ID",
        ExportColumn::Status => "Order status",
        ExportColumn::ChannelStatus => "Status on TikTok Shop",
        ExportColumn::ImportState => "State of the import",
        ExportColumn::StoreOrderId => "PS order ID",
        ExportColumn::StoreOrderReference => "PS order reference",
        ExportColumn::StoreState => "Store order status",
        ExportColumn::FulfillmentType => "Fulfillment type",
        ExportColumn::CreatedAt => "Created",
        ExportColumn::ReceivedAt => "Received",
        ExportColumn::ImportedAt => "Imported",
        ExportColumn::UpdatedAt => "Updated",
        ExportColumn::ShipBy => "Ship by",
        ExportColumn::Issue => "First issue",
        ExportColumn::OpenErrors => "Open errors",
        ExportColumn::OpenWarnings => "Open warnings",
        ExportColumn::FirstItem => "First item",
        ExportColumn::Skus => "SKUs",
        ExportColumn::ItemCount => "Items",
        ExportColumn::UnitCount => "Units",
        ExportColumn::Total => "Total",
        ExportColumn::Currency => "Currency",
        ExportColumn::Country => "Country",
        ExportColumn::TrackingNumbers => "Tracking numbers",
        ExportColumn::Special => "Special",
        ExportColumn::Tags => "Tags",
        ExportColumn::Assignee => "Assigned to",
        ExportColumn::RecipientName => "Name",
        ExportColumn::RecipientPhone => "Phone",
        ExportColumn::RecipientEmail => "E-mail",
        ExportColumn::RecipientAddress => "Address",
        ExportColumn::RecipientPostalCode => "Postal code",
        ExportColumn::RecipientCity => "City",
        ExportColumn::RecipientRegion => "Region",
    }
}
