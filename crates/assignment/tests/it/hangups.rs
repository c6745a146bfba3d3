//! A caller who hangs up drops the handler wherever it waits.

use std::{future::poll_fn, pin::pin, task::Poll};

use api::v1::{self, directory_service_server::DirectoryService as _};

use crate::support::{DIRECTORY, Services, ask, request_id};

/// More than a change of the directory takes.
const MOST_POLLS: usize = 40;

/// Answers like the call, unless it is not done when it was polled so often: then the caller hangs up.
async fn hang_up_after<T>(mut polls: usize, call: impl Future<Output = T>) -> Option<T> {
    let mut call = pin!(call);
    let poll = poll_fn(|context| {
        if polls == 0 {
            return Poll::Ready(None);
        }
        polls -= 1;
        call.as_mut().poll(context).map(Some)
    });
    poll.await
}

/// With one connection only, so that whoever comes next gets the one on which the transaction was left.
#[tokio::test(flavor = "multi_thread")]
async fn a_change_is_made_whole_or_not_at_all_wherever_its_caller_hangs_up() {
    let services = Services::with_connections(1).await;
    services.import(DIRECTORY).await.unwrap();
    let mut hung_up = 0;
    for polls in 0..MOST_POLLS {
        let rep = v1::Rep { display_name: "Dan".to_owned(), team: "teams/north".to_owned(), ..Default::default() };
        let request = v1::CreateRepRequest {
            rep: Some(rep),
            rep_id: format!("dan-{polls}"),
            request_id: request_id(polls as u128 + 1),
            validate_only: false,
        };
        if hang_up_after(polls, services.directory.create_rep(ask(request.clone()))).await.is_none() {
            hung_up += 1;
        }
        // Somebody else's change, which commits what it did, and no more.
        let max_open = i32::try_from(polls + 1).ok();
        let rep = v1::Rep { name: "reps/ben".to_owned(), max_open, ..Default::default() };
        let other = v1::UpdateRepRequest { rep: Some(rep), ..Default::default() };
        services.directory.update_rep(ask(other)).await.unwrap();
        // The same request again gets an answer, whatever became of the first.
        let created = services.directory.create_rep(ask(request)).await.unwrap().into_inner().rep.unwrap();
        assert_eq!(created.name, format!("reps/dan-{polls}"));
    }
    assert!((1..MOST_POLLS).contains(&hung_up), "{hung_up} of {MOST_POLLS}");
    // Each change was made once.
    assert_eq!(services.version().await, 1 + 2 * i64::try_from(MOST_POLLS).unwrap());
}
