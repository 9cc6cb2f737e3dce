use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "store_shipments")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: i64,
    pub written_state_id: Option<i64>,
    pub tracking_number: Option<String>,
    pub carrier_reference: Option<i64>,
    pub carrier_name: Option<String>,
    pub written_tracking_number: Option<String>,
    pub shipped_seen_at: Option<i64>,
    pub sent_tracking_number: Option<String>,
    pub sent_carrier_reference: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
