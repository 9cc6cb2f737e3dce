//! The badge of an order's status: text, icon and tone, for colour alone says nothing to many.

use crate::prelude::*;
use shared::OrderStatus;

use crate::components::icon::Icon;
use crate::markup::view;

/// Icon and tone of each status.
pub const fn look(status: OrderStatus) -> (Icon, &'static str) {
    match status {
        OrderStatus::Error => (Icon::ErrorCircle, "red"),
        OrderStatus::AwaitingShipment => (Icon::Box, "amber"),
        OrderStatus::PartiallyShipped => (Icon::Layers, "amber"),
        OrderStatus::AwaitingCollection => (Icon::Clock, "blue"),
        OrderStatus::InTransit => (Icon::Truck, "violet"),
        OrderStatus::Delivered => (Icon::CheckCircle, "green"),
        OrderStatus::Completed => (Icon::DoubleCheck, "teal"),
        OrderStatus::Canceled => (Icon::Ban, "gray"),
        OrderStatus::OnHold => (Icon::Pause, "gray"),
        OrderStatus::Unpaid => (Icon::Card, "gray"),
    }
}

/// The badge; its tooltip says what the status means.
#[component]
pub fn StatusBadge(status: OrderStatus) -> impl IntoView {
    let (icon, tone) = look(status);
    view! {
        <span class=format!("badge {tone}") title=status.meaning()>
            {icon.view()}
            {status.label()}
        </span>
    }
}
