use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "connections")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub uid: String,
    pub name: String,
    pub state: String,
    pub app_key: String,
    pub app_secret: Vec<u8>,
    pub shop_id: String,
    pub shop_name: Option<String>,
    pub shop_cipher: Vec<u8>,
    pub region: Option<String>,
    pub access_token: Vec<u8>,
    pub refresh_token: Vec<u8>,
    pub access_token_expires_at: i64,
    pub refresh_token_expires_at: i64,
    pub token_version: i64,
    pub store_url: String,
    pub webservice_key: Vec<u8>,
    pub webservice_key_hint: String,
    pub settings: String,
    pub poll_cursor: Option<i64>,
    pub store_cursor: Option<i64>,
    pub last_sync_at: Option<i64>,
    pub last_webhook_at: Option<i64>,
    pub deauthorized_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
