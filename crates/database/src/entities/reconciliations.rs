use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "reconciliations")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub connection_id: i64,
    pub state: String,
    pub actor: String,
    pub window_from: i64,
    pub window_until: i64,
    pub seen_on_tiktok: i64,
    pub seen_in_store: i64,
    pub compared: i64,
    pub missing_here: i64,
    pub behind: i64,
    pub missing_in_store: i64,
    pub differences: i64,
    pub healed: i64,
    pub error: Option<String>,
    pub created_at: i64,
    pub started_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub canceled_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
