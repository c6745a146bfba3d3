//! Reading subscriptions.

use api::{Error, Violations, names::Resource as _, page::Listing, v1};
use domain::ids::SubscriptionId;
use store::Subscription;

use super::{Inner, wire};
use crate::{
    error::store_error,
    grpc::{Asker, read::required},
};

impl Inner {
    pub(super) async fn get_subscription(
        &self,
        asker: &Asker,
        request: v1::GetSubscriptionRequest,
    ) -> Result<v1::GetSubscriptionResponse, Error> {
        let id: SubscriptionId = required("name", &request.name)?;
        let found = self.subscription(asker, &id).await?;
        Ok(v1::GetSubscriptionResponse { subscription: Some(wire::subscription(found, self.clock.now())) })
    }

    /// One subscription. Errors: there is none of that id.
    pub(super) async fn subscription(&self, asker: &Asker, id: &SubscriptionId) -> Result<Subscription, Error> {
        let mut tx = self.store.open("get_subscription").await.map_err(store_error)?;
        let found = tx.subscription(asker.tenant, id).await.map_err(store_error)?;
        tx.commit().await.map_err(store_error)?;
        found.ok_or_else(|| Error::NotFound { resource: id.to_name() })
    }

    pub(super) async fn list_subscriptions(
        &self,
        asker: &Asker,
        request: v1::ListSubscriptionsRequest,
    ) -> Result<v1::ListSubscriptionsResponse, Error> {
        let listing = Listing::new("ListSubscriptions", &[]);
        let mut violations = Violations::default();
        let page = listing.page::<String>(request.page_size, &request.page_token, &mut violations);
        let page = violations.check(page)?;
        // One more than the page holds tells whether there is another.
        let limit = i64::from(page.size) + 1;
        let mut rows =
            self.store.subscriptions(asker.tenant, page.after.as_deref(), limit).await.map_err(store_error)?;
        let size = page.size as usize;
        let next_page_token = match rows.get(size.saturating_sub(1)) {
            Some(last) if rows.len() > size => listing.token(&last.id.as_str())?,
            _ => String::new(),
        };
        rows.truncate(size);
        let now = self.clock.now();
        let subscriptions = rows.into_iter().map(|row| wire::subscription(row, now)).collect();
        Ok(v1::ListSubscriptionsResponse { subscriptions, next_page_token })
    }
}
