use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "actions")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub order_id: i64,
    pub connection_id: i64,
    pub bulk_run_id: Option<i64>,
    pub kind: String,
    pub request: String,
    pub state: String,
    pub actor: String,
    pub result: Option<String>,
    pub code: Option<String>,
    pub sent_at: Option<i64>,
    pub created_at: i64,
    pub leaves_at: i64,
    pub finished_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
