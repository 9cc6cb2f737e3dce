use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "order_lines")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub order_id: i64,
    #[sea_orm(primary_key, auto_increment = false)]
    pub tiktok_line_item_id: String,
    pub position: i32,
    pub sku_id: String,
    pub seller_sku: Option<String>,
    pub product_name: String,
    pub sku_name: Option<String>,
    pub image: Option<String>,
    pub original_price_micros: i64,
    pub seller_discount_micros: i64,
    pub platform_discount_micros: i64,
    pub sale_price_micros: i64,
    pub is_gift: bool,
    pub is_bundle: bool,
    pub status: String,
    pub package_id: Option<String>,
    pub package_status: Option<String>,
    pub tracking_number: Option<String>,
    pub carrier: Option<String>,
    pub store_product_id: Option<i64>,
    pub store_combination_id: Option<i64>,
    pub expected_store_micros: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

impl Model {
    /// Product and variant, for people.
    #[must_use]
    pub fn label(&self) -> String {
        match self.sku_name.as_deref().filter(|name| !name.is_empty()) {
            Some(variant) => format!("{} ({variant})", self.product_name),
            None => self.product_name.clone(),
        }
    }
}
