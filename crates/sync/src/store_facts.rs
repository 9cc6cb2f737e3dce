//! What an import must know of a store and what rarely changes there: read once, kept with an age limit.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use prestashop::{
    ApiRoot, Carrier, CarrierId, Client, Combination, Country, CountryId, Currency, Error, Group, GroupId,
    Language, LanguageId, OrderState, OrderStateId, Permissions, Product, Shop, ShopSettings, State,
    TaxRulesGroupId, Version,
};
use rust_decimal::Decimal;
use tokio::sync::Mutex;

use crate::mapping::CountryTax;

/// Facts about a store are read again when they are older than this.
const MAX_AGE: TimeDelta = TimeDelta::minutes(10);

/// The same for the carrier of an order: with one that is gone, each order until then would come out wrong.
const MAX_AGE_OF_CARRIER: TimeDelta = TimeDelta::seconds(30);

/// PrestaShop's own group for guests.
const GUEST_GROUP: GroupId = GroupId(2);

/// The facts about a store that every import needs.
#[derive(Debug, Clone)]
pub struct StoreFacts {
    pub version: Option<Version>,
    pub permissions: Permissions,
    pub settings: ShopSettings,
    pub shop: Shop,
    pub language: LanguageId,
    pub currencies: Vec<Currency>,
    /// Only those that are active.
    pub countries: Vec<Country>,
    pub carriers: Vec<Carrier>,
    pub order_states: Vec<OrderState>,
    /// The group of the guests; one whose members pay full prices, if there is any.
    pub group: GroupId,
    /// What that group takes off every price all the same, in percent.
    pub group_discount: Option<Decimal>,
}

impl StoreFacts {
    async fn read(client: &Client) -> Result<Self, Error> {
        let ApiRoot { version, permissions, .. } = client.api_root().await?;
        let shop = client.own_shop().await?;
        let settings = client.shop_settings(&shop).await?;
        let languages = client.languages().await?;
        let default = |language: &&Language| Some(language.id) == settings.default_language;
        let active = |language: &&Language| language.active;
        let language = languages.iter().find(default).or_else(|| languages.iter().find(active));
        let language = language.map_or(LanguageId(1), |language| language.id);
        let groups = client.groups().await?;
        let group = guest_group(&groups);
        Ok(Self {
            version,
            permissions,
            shop,
            language,
            currencies: client.currencies().await?,
            countries: client.active_countries().await?,
            carriers: client.carriers().await?,
            order_states: client.order_states().await?,
            group_discount: groups
                .iter()
                .find(|of| of.id == group)
                .map(|of| of.reduction)
                .filter(|reduction| !reduction.is_zero()),
            group,
            settings,
        })
    }

    /// The state with this id, if the store still has it.
    #[must_use]
    pub fn order_state(&self, id: OrderStateId) -> Option<&OrderState> {
        self.order_states.iter().find(|state| state.id == id && !state.deleted)
    }

    /// The name of a state, in the store's language.
    #[must_use]
    pub fn order_state_name(&self, id: OrderStateId) -> String {
        let state = self.order_states.iter().find(|state| state.id == id);
        let name = state.and_then(|state| state.names.in_language(self.language));
        name.map_or_else(|| format!("#{id}"), str::to_owned)
    }
}

fn guest_group(groups: &[Group]) -> GroupId {
    let full_price = |group: &&Group| group.reduction.is_zero();
    let guests = groups.iter().find(|group| group.id == GUEST_GROUP).filter(full_price);
    guests.or_else(|| groups.iter().find(full_price)).map_or(GUEST_GROUP, |group| group.id)
}

/// A product of the store, or one of its variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductMatch {
    pub product: Product,
    pub combination: Option<Combination>,
}

/// The facts of one store, shared by all jobs of a process.
#[derive(Debug, Default)]
pub struct FactsCache {
    facts: Mutex<Option<Dated<Arc<StoreFacts>>>>,
    states: Mutex<BTreeMap<CountryId, Dated<Vec<State>>>>,
    taxes: Mutex<BTreeMap<TaxKey, Dated<Arc<CountryTax>>>>,
    products: Mutex<BTreeMap<String, Dated<ProductMatch>>>,
    /// When each was last seen in use.
    carriers: Mutex<BTreeMap<CarrierId, DateTime<Utc>>>,
}

/// A tax group, and the country where an order goes.
type TaxKey = (TaxRulesGroupId, CountryId);

/// A fact and when it was read.
type Dated<T> = (DateTime<Utc>, T);

impl FactsCache {
    /// The facts; read now if they are too old.
    ///
    /// # Errors
    /// As the store answers.
    pub async fn facts(&self, client: &Client, now: DateTime<Utc>) -> Result<Arc<StoreFacts>, Error> {
        // Held while reading, so that many jobs that begin at once read only once.
        let mut kept = self.facts.lock().await;
        if let Some((read_at, facts)) = &*kept
            && now - *read_at < MAX_AGE
        {
            return Ok(Arc::clone(facts));
        }
        let facts = Arc::new(StoreFacts::read(client).await?);
        let in_use = facts.carriers.iter().filter(|carrier| carrier.active && !carrier.deleted);
        *self.carriers.lock().await = in_use.map(|carrier| (carrier.id, now)).collect();
        *kept = Some((now, Arc::clone(&facts)));
        Ok(facts)
    }

    /// Whether a carrier is in use, and not replaced by an edit.
    ///
    /// # Errors
    /// As the store answers.
    pub async fn is_in_use(
        &self,
        client: &Client,
        carrier: CarrierId,
        now: DateTime<Utc>,
    ) -> Result<bool, Error> {
        let mut kept = self.carriers.lock().await;
        if kept.get(&carrier).is_some_and(|seen_at| now - *seen_at < MAX_AGE_OF_CARRIER) {
            return Ok(true);
        }
        let is_in_use = match client.carrier(carrier).await {
            Ok(carrier) => carrier.active && !carrier.deleted,
            Err(error) if error.is_not_found() => false,
            Err(error) => return Err(error),
        };
        if is_in_use {
            kept.insert(carrier, now);
        }
        Ok(is_in_use)
    }

    /// Forgets everything: the next import reads the store anew. For when an import met a blocker that a person may
    /// have put right meanwhile.
    pub async fn forget(&self) {
        *self.facts.lock().await = None;
        self.states.lock().await.clear();
        self.taxes.lock().await.clear();
        self.products.lock().await.clear();
        self.carriers.lock().await.clear();
    }

    /// The states of a country.
    ///
    /// # Errors
    /// As the store answers.
    pub async fn states_of(
        &self,
        client: &Client,
        country: CountryId,
        now: DateTime<Utc>,
    ) -> Result<Vec<State>, Error> {
        let mut kept = self.states.lock().await;
        if let Some((read_at, states)) = kept.get(&country)
            && now - *read_at < MAX_AGE
        {
            return Ok(states.clone());
        }
        let states = client.states_of(country).await?;
        kept.insert(country, (now, states.clone()));
        Ok(states)
    }

    /// What a group of tax rules takes in the country where an order goes.
    ///
    /// # Errors
    /// As the store answers.
    pub async fn tax(
        &self,
        client: &Client,
        group: TaxRulesGroupId,
        country: CountryId,
        now: DateTime<Utc>,
    ) -> Result<Arc<CountryTax>, Error> {
        let mut kept = self.taxes.lock().await;
        let fresh = kept.get(&(group, country)).filter(|(read_at, _)| now - *read_at < MAX_AGE);
        if let Some((_, tax)) = fresh {
            return Ok(Arc::clone(tax));
        }
        let tax = read_tax(client, group, country).await?;
        kept.insert((group, country), (now, Arc::clone(&tax)));
        Ok(tax)
    }

    /// The product of the store with each of these references; those that are missing, not unique, or such that the store
    /// cannot be asked for them, come back as several or no matches.
    ///
    /// # Errors
    /// As the store answers.
    pub async fn products(
        &self,
        client: &Client,
        references: &[String],
        now: DateTime<Utc>,
    ) -> Result<BTreeMap<String, Vec<ProductMatch>>, Error> {
        let mut found = BTreeMap::new();
        let mut unknown = Vec::new();
        {
            let kept = self.products.lock().await;
            for reference in references {
                if !prestashop::is_reference_to_ask_for(reference) {
                    found.insert(reference.clone(), Vec::new());
                    continue;
                }
                match kept.get(reference).filter(|(read_at, _)| now - *read_at < MAX_AGE) {
                    Some((_, product)) => drop(found.insert(reference.clone(), vec![product.clone()])),
                    None => unknown.push(reference.as_str()),
                }
            }
        }
        if unknown.is_empty() {
            return Ok(found);
        }
        let read = read_products(client, &unknown).await?;
        let mut kept = self.products.lock().await;
        for (reference, matches) in read {
            if let [one] = &matches[..] {
                kept.insert(reference.clone(), (now, one.clone()));
            }
            found.insert(reference, matches);
        }
        Ok(found)
    }
}

async fn read_tax(
    client: &Client,
    group: TaxRulesGroupId,
    country: CountryId,
) -> Result<Arc<CountryTax>, Error> {
    let mut rules = Vec::new();
    for rule in client.tax_rules(group, country).await? {
        let rate = match rule.tax_id {
            Some(tax) if rule.holds_everywhere() => client.tax(tax).await?.rate,
            _ => Decimal::ZERO,
        };
        rules.push((rule, rate));
    }
    Ok(Arc::new(CountryTax::of(rules)))
}

/// Combinations win over products, as a combination's reference is the more exact one.
async fn read_products(
    client: &Client,
    references: &[&str],
) -> Result<BTreeMap<String, Vec<ProductMatch>>, Error> {
    let same = |a: &str, b: &str| a.trim().eq_ignore_ascii_case(b.trim());
    let combinations = client.combinations_by_reference(references).await?;
    let of_combination =
        |reference: &&&str| combinations.iter().any(|found| same(&found.reference, reference));
    let plain: Vec<&str> =
        references.iter().filter(|reference| !of_combination(reference)).copied().collect();
    let products = if plain.is_empty() { Vec::new() } else { client.products_by_reference(&plain).await? };
    let mut found = BTreeMap::new();
    for reference in references {
        let mut matches = Vec::new();
        for combination in combinations.iter().filter(|found| same(&found.reference, reference)) {
            let product = client.product(combination.product_id).await?;
            matches.push(ProductMatch { product, combination: Some(combination.clone()) });
        }
        if matches.is_empty() {
            let of_product = products.iter().filter(|found| same(&found.reference, reference));
            matches.extend(
                of_product.map(|product| ProductMatch { product: product.clone(), combination: None }),
            );
        }
        found.insert((*reference).to_owned(), matches);
    }
    Ok(found)
}
