use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "exports")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub uid: String,
    pub owner: String,
    pub actor: String,
    pub format: String,
    pub columns: String,
    pub criteria: String,
    pub state: String,
    pub before_id: i64,
    pub chunks: i32,
    pub written: i64,
    pub total: Option<i64>,
    pub created_at: i64,
    pub finished_at: Option<i64>,
    pub error: Option<String>,
    pub expires_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
