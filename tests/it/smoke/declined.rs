//! A lead that is declined goes to somebody else, who has what is left of the time.

use api::v1::DeclineReason;
use leadrouter_tests::requests::Request;

use super::{ROWS, Story, expected};

#[tokio::test(flavor = "multi_thread")]
async fn who_declines_hands_the_running_clock_to_the_next() {
    for row in &ROWS {
        let mut story = Story::begin(row, "", "").await;
        story.at(2, |name, etag| Request::decline(name, etag, "reps/ana", DeclineReason::NoCapacity)).await;
        story.at(3, |name, etag| Request::accept(name, etag, "reps/ben")).await;
        let answered = row.steps[0] + 1;
        story.at(answered, |name, etag| Request::respond(name, etag, "reps/ben")).await;
        let told = story.told(row.steps[3] + 1).await;
        let lines = [
            (0, "assigned reps/ana"),
            (2, "assigned reps/ben"),
            (3, "accepted reps/ben"),
            // Counted from the lead's coming, not from Ben's turn.
            (row.steps[0], "remind reps/ben"),
            (answered, "responded reps/ben"),
        ];
        assert_eq!(told, expected(&lines), "{}", row.sla);
        story.world.end().await;
    }
}
