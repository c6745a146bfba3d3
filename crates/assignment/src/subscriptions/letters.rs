//! Dead letters: seeing them, and having them sent again.

use api::{
    Error, Path, Violations,
    convert::{fields, subscription},
    names::Resource as _,
    page::Listing,
    v1,
};
use domain::{ids::SubscriptionId, ownership::Position};
use prost::Message as _;

use super::{
    Inner,
    manage::{Begun, Changing, failed, finish},
    wire,
};
use crate::{error::store_error, grpc::Asker};

impl Inner {
    pub(super) async fn list_dead_letters(
        &self,
        asker: &Asker,
        request: v1::ListDeadLettersRequest,
    ) -> Result<v1::ListDeadLettersResponse, Error> {
        let listing = Listing::new("ListDeadLetters", &[&request.parent]);
        let mut violations = Violations::default();
        let of = fields::name::<SubscriptionId>(&request.parent, &Path::Request.field("parent"), &mut violations);
        let page = listing.page::<(i64, i32)>(request.page_size, &request.page_token, &mut violations);
        let of = violations.check_some(of)?;
        if page.after.is_none() {
            self.subscription(asker, &of).await?;
        }
        let (after, limit) = (page.after.unwrap_or_default(), i64::from(page.size) + 1);
        let mut rows = self.store.dead_letters(asker.tenant, &of, after, limit).await.map_err(store_error)?;
        let size = page.size as usize;
        let next_page_token = match rows.get(size.saturating_sub(1)) {
            Some(last) if rows.len() > size => listing.token(&(last.position.commit, last.position.place))?,
            _ => String::new(),
        };
        rows.truncate(size);
        let dead_letters = rows.into_iter().map(|letter| wire::dead_letter(&of, letter)).collect();
        Ok(v1::ListDeadLettersResponse { dead_letters, next_page_token })
    }

    pub(super) async fn redeliver_dead_letters(
        &self,
        asker: &Asker,
        request: v1::RedeliverDeadLettersRequest,
    ) -> Result<v1::RedeliverDeadLettersResponse, Error> {
        let mut violations = Violations::default();
        let of = fields::name::<SubscriptionId>(&request.parent, &Path::Request.field("parent"), &mut violations);
        let named = subscription::letters(&request.names, of.as_ref(), &mut violations);
        let id = fields::request_id(&request.request_id, &Path::Request.field("request_id"), &mut violations);
        let of = violations.check_some(of)?;
        let named: Vec<Position> = named.into_iter().map(|letter| letter.1).collect();
        let changing = Changing::new("redeliver_dead_letters", id, &request.encode_to_vec());
        let mut tx = match self.begin(asker, changing).await? {
            Begun::Held(tx) => tx,
            Begun::Kept(answer) => return Ok(answer),
        };
        let found = tx.subscription(asker.tenant, &of).await.map_err(failed)?;
        found.ok_or_else(|| Error::NotFound { resource: of.to_name() })?;
        let revived = tx.revive_letters(asker.tenant, &of, &named, self.clock.now()).await.map_err(failed)?;
        let dead_letter_count = i64::try_from(revived).unwrap_or(i64::MAX);
        let answer = v1::RedeliverDeadLettersResponse { dead_letter_count };
        finish(tx, asker, changing, &answer).await?;
        Ok(answer)
    }
}
