use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "orders")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub connection_id: i64,
    pub tiktok_order_id: String,
    pub channel_status: String,
    pub channel_updated_at: i64,
    pub status: String,
    pub known_status: String,
    pub import_state: String,
    pub fulfillment_type: String,
    pub special: String,
    pub store_order_id: Option<i64>,
    pub store_order_reference: Option<String>,
    pub store_state_id: Option<i64>,
    pub store_deleted: bool,
    pub store_total_micros: Option<i64>,
    pub currency: String,
    pub total_micros: i64,
    pub expected_store_total_micros: i64,
    pub first_item: String,
    pub first_item_image: Option<String>,
    pub item_count: i32,
    pub unit_count: i32,
    pub country: Option<String>,
    pub ship_by: Option<i64>,
    pub placed_at: i64,
    pub paid_at: Option<i64>,
    pub received_at: i64,
    pub importable_at: Option<i64>,
    pub imported_at: Option<i64>,
    pub updated_at: i64,
    pub open_errors: i32,
    pub open_warnings: i32,
    pub first_issue_code: Option<String>,
    pub first_issue_severity: Option<String>,
    pub first_issue_opened_at: Option<i64>,
    pub first_issue_next_retry_at: Option<i64>,
    pub archived_at: Option<i64>,
    pub version: i64,
    pub tags: String,
    pub assignee_id: Option<i64>,
    pub skipped_by_person: bool,
    pub shipment_failed: bool,
    pub purged_at: Option<i64>,
    pub buyer_erased_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
