//! Products and their combinations.

use rust_decimal::Decimal;

use crate::client::Client;
use crate::decode::{Entity, Localized};
use crate::error::{DecodeError, Error, RefusalKind};
use crate::ids::{CategoryId, CombinationId, ProductId, TaxRulesGroupId};
use crate::query::{Query, can_be_filtered, can_be_listed};
use crate::resource::Resource;
use crate::xml::Element;

/// References asked for in one call, so that the address stays far below what web servers accept.
const REFERENCES_PER_CALL: usize = 50;

/// Whether products can be asked for by this reference. The shop would take a bracket, a bar or a percent sign, or a `<`,
/// `>` or `!` at the start, for an operator, and there is no way to tell it otherwise.
#[must_use]
pub fn is_reference_to_ask_for(reference: &str) -> bool {
    can_be_filtered(reference)
}

impl Client {
    /// A product by its id.
    pub async fn product(&self, product: ProductId) -> Result<Product, Error> {
        self.get(product).await
    }

    /// So many products with ids above this one, lowest first: a walk through the catalogue.
    pub async fn products_after(&self, product: ProductId, count: usize) -> Result<Vec<Product>, Error> {
        self.list(Query::full().after_id(product.0).with("sort", "[id_ASC]").with("limit", count)).await
    }

    /// A combination by its id.
    pub async fn combination(&self, combination: CombinationId) -> Result<Combination, Error> {
        self.get(combination).await
    }

    /// All combinations of a product.
    pub async fn combinations_of(&self, product: ProductId) -> Result<Vec<Combination>, Error> {
        self.list(Query::full().filter("id_product", product)).await
    }

    /// All products with one of these references. References are not unique, and the shop ignores case. The call is refused
    /// here where one of them [cannot be asked for](is_reference_to_ask_for).
    pub async fn products_by_reference(&self, references: &[&str]) -> Result<Vec<Product>, Error> {
        self.by_reference(references).await
    }

    /// All combinations with one of these references, as with [`Client::products_by_reference`].
    pub async fn combinations_by_reference(&self, references: &[&str]) -> Result<Vec<Combination>, Error> {
        self.by_reference(references).await
    }

    /// Creates a product.
    pub async fn create_product(&self, product: &NewProduct) -> Result<ProductId, Error> {
        let id = self.create(Resource::Products, Query::default(), product.to_element()).await?;
        Ok(ProductId(id))
    }

    async fn by_reference<T: Entity>(&self, references: &[&str]) -> Result<Vec<T>, Error> {
        if !references.iter().all(|reference| can_be_filtered(reference)) {
            let field = "reference".to_owned();
            return Err(Error::refused_here(RefusalKind::FieldInvalid { field }));
        }
        let (listable, single): (Vec<&str>, Vec<&str>) =
            references.iter().partition(|reference| can_be_listed(reference));
        let mut found = Vec::new();
        for chunk in listable.chunks(REFERENCES_PER_CALL) {
            found.extend(match chunk {
                [one] => self.list(Query::full().filter("reference", one)).await?,
                several => self.list(Query::full().filter_any("reference", several)).await?,
            });
        }
        for reference in single {
            found.extend(self.list(Query::full().filter("reference", reference)).await?);
        }
        Ok(found)
    }
}

/// A product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// The merchant's own number for it; may be empty.
    pub reference: String,
    /// Its name.
    pub names: Localized,
    /// Whether it is on sale. The webservice orders it all the same.
    pub active: bool,
    /// Whether it may be ordered. The webservice orders it all the same.
    pub available_for_order: bool,
    /// The least that may be ordered. The webservice orders less all the same.
    pub minimal_quantity: u32,
    /// What it is; `None` on shops before 1.7.8, which do not say.
    pub product_type: Option<ProductType>,
    /// Whether it needs no delivery.
    pub is_virtual: bool,
    /// What decides about its tax; `None` for no tax.
    pub tax_rules_group_id: Option<TaxRulesGroupId>,
    /// Its net price before promotions.
    pub price: Decimal,
    /// The tax the shop adds on top of every price, pinned ones too.
    pub ecotax: Decimal,
    /// Its combinations. A product that has some must be ordered as one of them.
    pub combinations: Vec<CombinationId>,
}

impl Product {
    /// Whether it can only be ordered as one of its combinations.
    #[must_use]
    pub fn needs_combination(&self) -> bool {
        !self.combinations.is_empty() || self.product_type == Some(ProductType::Combinations)
    }
}

impl Entity for Product {
    const RESOURCE: Resource = Resource::Products;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        let combinations = element.association("combinations").map(|row| row.id("id"));
        Ok(Self {
            id: element.id("id")?,
            reference: element.text_or_empty("reference"),
            names: element.localized("name")?,
            active: element.flag("active")?,
            available_for_order: element.flag("available_for_order")?,
            minimal_quantity: element.number_or_zero::<u32>("minimal_quantity")?.max(1),
            product_type: element.child("product_type").map(|kind| ProductType::from_text(kind.text())),
            is_virtual: element.flag("is_virtual")?,
            tax_rules_group_id: element.optional_id("id_tax_rules_group")?,
            price: element.decimal("price")?,
            ecotax: element.decimal_or_zero("ecotax")?,
            combinations: combinations.collect::<Result<_, _>>()?,
        })
    }
}

/// What a product is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductType {
    /// An ordinary one.
    Standard,
    /// One that has combinations.
    Combinations,
    /// A set of others.
    Pack,
    /// One that needs no delivery.
    Virtual,
    /// Not decided yet, or a kind this client does not know.
    Other(String),
}

impl ProductType {
    fn from_text(text: &str) -> Self {
        match text {
            "standard" => Self::Standard,
            "combinations" => Self::Combinations,
            "pack" => Self::Pack,
            "virtual" => Self::Virtual,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// A variant of a product.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Combination {
    /// Its id.
    pub id: CombinationId,
    /// The product it is a variant of.
    pub product_id: ProductId,
    /// The merchant's own number for it; may be empty, and may be shared by all variants.
    pub reference: String,
    /// The least that may be ordered.
    pub minimal_quantity: u32,
    /// What it adds to the product's net price.
    pub price_impact: Decimal,
    /// The tax the shop adds on top of every price; the product's own if zero.
    pub ecotax: Decimal,
}

impl Entity for Combination {
    const RESOURCE: Resource = Resource::Combinations;

    fn decode(element: &Element) -> Result<Self, DecodeError> {
        Ok(Self {
            id: element.id("id")?,
            product_id: element.id("id_product")?,
            reference: element.text_or_empty("reference"),
            minimal_quantity: element.number_or_zero::<u32>("minimal_quantity")?.max(1),
            price_impact: element.decimal_or_zero("price")?,
            ecotax: element.decimal_or_zero("ecotax")?,
        })
    }
}

/// A virtual product no buyer finds, to carry an amount that is not an item: the fee for shipping, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewProduct {
    /// The merchant's own number for it.
    pub reference: String,
    /// Its name, at most 128 characters, without `<>;=#{}`, in every language of the shop.
    pub names: Localized,
    /// Its part of an address, lower case letters, digits and hyphens, in every language of the shop.
    pub link_rewrites: Localized,
    /// Its category.
    pub category: CategoryId,
    /// What decides about its tax.
    pub tax_rules_group: Option<TaxRulesGroupId>,
    /// Its net price.
    pub price: Decimal,
}

impl NewProduct {
    fn to_element(&self) -> Element {
        Element::new("product")
            .with("id_category_default", self.category)
            .with("id_tax_rules_group", self.tax_rules_group.map_or(0, u64::from))
            .with("reference", &self.reference)
            .with("state", 1)
            .with("active", 1)
            .with("available_for_order", 1)
            .with("show_price", 1)
            .with("visibility", "none")
            .with("is_virtual", 1)
            .with("product_type", "virtual")
            .with("price", format!("{:.6}", self.price))
            .with("minimal_quantity", 1)
            .with_child(self.names.to_element("name"))
            .with_child(self.link_rewrites.to_element("link_rewrite"))
    }
}
