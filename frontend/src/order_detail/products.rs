use crate::prelude::*;
use rust_decimal::Decimal;
use shared::{Money, OrderLine};

use crate::components::icon::Icon;
use crate::components::money::money;
use crate::markup::{handler, view};
use crate::text;

/// What was bought.
pub fn products(lines: &[OrderLine]) -> AnyView {
    let rows = lines.iter().cloned().map(product_row).collect_view();
    view! {
        <section class="card">
            <h2>{text::PRODUCTS}</h2>
            <div class="table-scroll" tabindex="0" role="region" aria-label=text::PRODUCTS>
                <table class="plain stacked">
                    <thead>
                        <tr>
                            <th prop:scope="col">{text::PRODUCT}</th>
                            <th prop:scope="col">{text::SKU}</th>
                            <th prop:scope="col" class="number">{text::QUANTITY}</th>
                            <th prop:scope="col" class="number">{text::UNIT_PRICE}</th>
                            <th prop:scope="col" class="number">{text::SELLER_DISCOUNT}</th>
                            <th prop:scope="col" class="number">{text::PLATFORM_DISCOUNT}</th>
                            <th prop:scope="col" class="number">{text::LINE_TOTAL}</th>
                            <th prop:scope="col">{text::STORE_PRODUCT}</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

fn product_row(line: OrderLine) -> AnyView {
    let marks = [(line.is_gift, text::GIFT), (line.is_bundle, text::BUNDLE)]
        .into_iter()
        .filter(|(marked, _)| *marked)
        .map(|(_, label)| view! { <span class="badge outline">{label}</span> })
        .collect_view();
    let store_product = match line.store_product {
        Some(product) => {
            let name = product.name.unwrap_or_else(|| text::product_number(product.product_id));
            let number = text::product_and_combination(product.product_id, product.combination_id);
            view! { <span title=number>{name}</span> }
        }
        None => view! { <span class="faint">{text::NOT_LINKED}</span> },
    };
    let tracking = line.tracking_number.map(|number| format!(" · {number}")).unwrap_or_default();
    view! {
        <tr>
            <td>
                <div class="product">
                <ProductImage source=line.image />
                <div>
                    <bdi>{line.product}</bdi>
                    {line.variant.map(|variant| view! { <span class="quiet"><bdi>{variant}</bdi></span> })}
                    <span class="quiet">{text::status_words(&line.status)} {tracking}</span>
                    {marks}
                </div>
                </div>
            </td>
            <td data-label=text::SKU>
                {match line.sku {
                    Some(sku) => view! { <code><bdi>{sku}</bdi></code> },
                    None => view! { <span class="faint">{text::NO_SKU}</span> },
                }}
            </td>
            <td class="number" data-label=text::QUANTITY>{line.quantity}</td>
            <td class="number" data-label=text::UNIT_PRICE>{money(&line.unit_price)}</td>
            <td class="number" data-label=text::SELLER_DISCOUNT>{discount(&line.seller_discount)}</td>
            <td class="number" data-label=text::PLATFORM_DISCOUNT>{discount(&line.platform_discount)}</td>
            <td class="number" data-label=text::LINE_TOTAL><strong>{money(&line.line_total)}</strong></td>
            <td data-label=text::STORE_PRODUCT>{store_product}</td>
        </tr>
    }
}

/// A picture, or a sign in its place when there is none or it does not load.
#[component]
fn ProductImage(source: Option<String>) -> impl IntoView {
    let broken = RwSignal::new(source.is_none());
    let picture = move || {
        if broken.get() {
            view! { <span class="no-image">{Icon::Box.view()}</span> }
        } else {
            view! {
                <img
                    prop:src=source.clone().unwrap_or_default()
                    prop:alt=""
                    prop:width="40"
                    prop:height="40"
                    prop:loading="lazy"
                    prop:referrerPolicy="no-referrer"
                    on:error=handler(move |_| broken.set(true))
                />
            }
        }
    };
    view! { {move || picture()} }
}

fn discount(amount: &Money) -> AnyView {
    if amount.amount == Decimal::ZERO {
        view! { <span class="faint">"–"</span> }
    } else {
        let shown = Money::new(-amount.amount.abs(), amount.currency.clone());
        money(&shown).into_any()
    }
}
