//! GET and HEAD: the list of resources, schemas, lists and single entities.

use super::answer::{Answer, Output, Refusal};
use super::auth::{Key, METHODS};
use super::prices::{self, PriceQuestion};
use super::query::{Display, Filters, Query};
use super::record::{Id, Record, with_scale};
use super::render::Rendering;
use super::resources;
use super::schema::{self, Schema};
use super::shop::Shop;
use super::sorting::Sorting;
use super::view;

/// The list of resources that a key sees.
#[must_use]
pub fn api_root(shop: &Shop, key: &Key, output: Output) -> Answer {
    if output == Output::Json {
        // The shop fails to write this list as JSON, in all versions that were looked at.
        return Answer::html(500, "");
    }
    let full = schema::api_root(shop.version);
    let mut body = String::new();
    let mut skipping: Option<String> = None;
    let mut current = String::new();
    for line in full.lines() {
        if let Some(closing) = &skipping {
            if line == closing {
                skipping = None;
            }
            continue;
        }
        if let Some(name) = resource_opened_by(line) {
            if !key.sees(name) {
                skipping = Some(format!("</{name}>"));
                continue;
            }
            current = name.to_owned();
        }
        let line = with_permissions(line, &current, key);
        body.push_str(&line.replace("{shop}", &shop.url).replace("{shop_name}", &shop.settings.shop_name));
        body.push('\n');
    }
    Answer::ok(200, output, body)
}

fn resource_opened_by(line: &str) -> Option<&str> {
    let name = line.strip_prefix('<')?.split(' ').next()?;
    (line.contains(" get=\"") && name != "description").then_some(name)
}

fn with_permissions(line: &str, resource: &str, key: &Key) -> String {
    let Some(start) = line.find(" get=\"") else { return line.to_owned() };
    let flags: Vec<String> = METHODS
        .iter()
        .map(|method| format!("{}=\"{}\"", method.to_lowercase(), key.allows(resource, method)))
        .collect();
    // The order of the flags is that of the shop's list of methods.
    format!("{} {}>", &line[..start], flags.join(" "))
}

/// Names of the resources that the shop has.
#[must_use]
pub fn resource_names(shop: &Shop) -> Vec<&'static str> {
    schema::api_root(shop.version).lines().filter_map(resource_opened_by).collect()
}

/// Answers a request for a schema, a list or an entity.
///
/// # Errors
/// What the shop refuses: bad filters, fields, sorting, limits, languages.
pub fn get(
    shop: &Shop,
    resource: &str,
    id: Option<&str>,
    query: &Query,
    output: Output,
) -> Result<Answer, Refusal> {
    let Some(schema) = schema::of(shop.version, resource) else {
        return Ok(undescribed(shop, resource, id, output));
    };
    if let Some(wanted) = query.get("schema").filter(|_| id.is_none()) {
        return published_schema(shop, schema, wanted, output);
    }
    let languages = languages(shop, query)?;
    let virtual_fields: Vec<String> = if resource == "products" {
        query.prices().into_iter().map(|(name, _)| name).collect()
    } else {
        Vec::new()
    };
    let mut rendering = Rendering { shop, schema, display: Display::Full, languages, virtual_fields, output };
    match id {
        Some(id) => {
            let Some(record) = id.parse::<Id>().ok().and_then(|id| shop.get(resource, id)) else {
                return Ok(Answer::bare(404));
            };
            if query.get("display").is_some() {
                rendering.display =
                    Display::parse(query.get("display"), schema, &rendering.virtual_fields, shop.version)
                        .map_err(Refusal::outside_of_lists)?;
            }
            let shown = with_prices(shop, view::of(shop, resource, record), query);
            let shown = std::slice::from_ref(&shown);
            // As JSON an entity with chosen fields comes as a list of one.
            let as_list = output == Output::Json && query.get("display").is_some();
            let body = if as_list { rendering.list(shown) } else { rendering.entities(shown) };
            Ok(Answer::ok(200, output, body))
        }
        None => {
            // The shop looks at filters first, then at fields, sorting and limit.
            let filters = Filters::parse(query, schema, shop.version)?;
            rendering.display =
                Display::parse(query.get("display"), schema, &rendering.virtual_fields, shop.version)?;
            let chosen = select(shop, schema, &filters, query)?;
            let shown: Vec<Record> = match rendering.display {
                Display::Ids => chosen.into_iter().cloned().collect(),
                _ => chosen
                    .into_iter()
                    .map(|record| with_prices(shop, view::of(shop, resource, record), query))
                    .collect(),
            };
            Ok(Answer::ok(200, output, rendering.list(&shown)))
        }
    }
}

/// The entities of a list in their order.
fn select<'a>(
    shop: &'a Shop,
    schema: &'static Schema,
    filters: &Filters,
    query: &Query,
) -> Result<Vec<&'a Record>, Refusal> {
    let resource = schema.resource.name;
    let sorting = Sorting::parse(query, schema, shop.version)?;
    let limit = limit(query, shop)?;
    let table = shop.table(resource);
    let mut rows: Vec<&Record> = match filters.single_id() {
        Some(id) => table.get(id).filter(|record| filters.accept(record)).into_iter().collect(),
        None => match filters.order().filter(|_| schema.has_field("id_order")) {
            Some(order) => {
                shop.belonging_to(resource, order).filter(|record| filters.accept(record)).collect()
            }
            None => table.iter().filter(|record| filters.accept(record)).collect(),
        },
    };
    let fields: Vec<&str> = query.filters().into_iter().map(|(field, _)| field).collect();
    let by_index = Sorting::by(resources::natural_order(resource, &fields), schema);
    if !by_index.is_empty() {
        rows.sort_by(|left, right| by_index.compare(left, right));
    }
    let (offset, count) = limit.unwrap_or((0, usize::MAX));
    if !sorting.is_empty() {
        rows = match limit {
            Some(_) => sorting.first(&rows, offset.saturating_add(count)),
            None => {
                rows.sort_by(|left, right| sorting.compare(left, right));
                rows
            }
        };
    }
    Ok(rows.into_iter().skip(offset).take(count).collect())
}

fn limit(query: &Query, shop: &Shop) -> Result<Option<(usize, usize)>, Refusal> {
    let Some(text) = query.get("limit") else { return Ok(None) };
    // PHP reads what is no number as 0.
    let number = |part: &str| {
        let digits: String = part.trim().chars().take_while(char::is_ascii_digit).collect();
        digits.parse::<usize>().unwrap_or(0)
    };
    match text.split(',').collect::<Vec<_>>().as_slice() {
        [count] => Ok(Some((0, number(count)))),
        [offset, count] => Ok(Some((number(offset), number(count)))),
        _ => Err(Refusal::of_list(
            39,
            "The \"limit\" value has to be formed as this example: \"5,25\" or \"10\"",
            shop.version,
        )),
    }
}

fn languages(shop: &Shop, query: &Query) -> Result<Vec<Id>, Refusal> {
    let known = shop.languages();
    let Some(text) = query.get("language") else { return Ok(known) };
    let chosen: Vec<&str> = match text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        None if text.parse::<Id>().is_ok() => vec![text],
        None => return Err(Refusal::new(400, 79, "language value is wrong")),
        Some(list) if list.contains(',') => {
            let [low, high] = list.split(',').collect::<Vec<_>>()[..] else {
                return Err(Refusal::new(
                    400,
                    78,
                    "A range value for a language must contains only 2 values",
                ));
            };
            let (low, high): (Id, Id) = (low.parse().unwrap_or(0), high.parse().unwrap_or(0));
            return available(known.iter().copied().filter(|id| (low..=high).contains(id)).collect());
        }
        Some(list) => list.split('|').collect(),
    };
    if chosen.iter().any(|id| id.parse::<Id>().is_err()) {
        return Err(Refusal::new(400, 80, "Language ID must be numeric"));
    }
    available(chosen.iter().filter_map(|id| id.parse().ok()).filter(|id| known.contains(id)).collect())
}

fn available(languages: Vec<Id>) -> Result<Vec<Id>, Refusal> {
    if languages.is_empty() {
        return Err(Refusal::new(400, 81, "language is not available"));
    }
    Ok(languages)
}

fn published_schema(shop: &Shop, schema: &Schema, wanted: &str, output: Output) -> Result<Answer, Refusal> {
    let synopsis = match wanted {
        "blank" => false,
        "synopsis" => true,
        _ => {
            return Err(Refusal::of_list(
                28,
                "Please select a schema of type 'synopsis' to get the whole schema informations (which fields \
                 are required, which kind of content...) or 'blank' to get an empty schema to fill before \
                 using POST request",
                shop.version,
            ));
        }
    };
    let body = schema::published(shop.version, schema.resource.name, synopsis).unwrap_or_default();
    Ok(Answer::ok(200, output, body.replace("{shop}", &shop.url)))
}

/// A resource that the shop has but the sandbox does not fill: always empty.
fn undescribed(shop: &Shop, resource: &str, id: Option<&str>, output: Output) -> Answer {
    match (id, output) {
        (Some(_), _) => Answer::bare(404),
        (None, Output::Json) => Answer::ok(200, output, "[]".to_owned()),
        (None, Output::Xml) => {
            tracing::debug!(resource, shop = shop.url, "a resource without content was read");
            let body = format!(
                "{}<{resource}>\n</{resource}>\n{}",
                super::answer::XML_START,
                super::answer::XML_END
            );
            Answer::ok(200, output, body)
        }
    }
}

/// The entity with its virtual price fields.
fn with_prices(shop: &Shop, mut record: Record, query: &Query) -> Record {
    for (name, options) in query.prices() {
        let option =
            |wanted: &str| options.iter().find(|(key, _)| key == wanted).map(|(_, value)| value.as_str());
        let id = |wanted: &str| option(wanted).and_then(|value| value.parse::<Id>().ok());
        let question = PriceQuestion {
            product: record.id,
            combination: id("product_attribute").unwrap_or(0),
            country: id("country").unwrap_or_else(|| shop.configured_id("PS_COUNTRY_DEFAULT")),
            state: id("state").unwrap_or(0),
            currency: id("currency").unwrap_or_else(|| shop.configured_id("PS_CURRENCY_DEFAULT")),
            group: id("group").unwrap_or_else(|| shop.configured_id("PS_UNIDENTIFIED_GROUP")),
            cart: 0,
            customer: 0,
            quantity: option("quantity").and_then(|value| value.parse().ok()).unwrap_or(1),
            with_reductions: option("use_reduction") != Some("0"),
        };
        let price = prices::unit_price(shop, &question);
        let amount = if option("use_tax") == Some("0") { price.net } else { price.gross };
        let decimals = option("decimals").and_then(|value| value.parse().ok()).unwrap_or(2);
        let rounded = prices::round(shop, amount, decimals);
        record.set(&name, with_scale(rounded, 6));
    }
    record
}
