use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "circuit_breakers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub connection_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub side: String,
    pub opened_at: Option<i64>,
    pub next_try_at: Option<i64>,
    pub trying_until: Option<i64>,
    pub failed_tries: i32,
    pub reason: Option<String>,
    pub limited_until: Option<i64>,
    pub timed_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
