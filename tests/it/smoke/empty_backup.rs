//! Nobody stands in: the step falls through to the next, at once, and says so.

use leadrouter_tests::requests::Request;

use super::{ROWS, Story, expected};

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_there_is_not_makes_way_for_the_manager_at_once() {
    for row in &ROWS {
        // Ben takes no leads, so routing finds nobody else either.
        let mut story = Story::begin(row, "", ", accepting: false").await;
        story.at(1, |name, etag| Request::accept(name, etag, "reps/ana")).await;
        // The manager's working hours count: of an event lead the backup's turn comes at night.
        let turn = if row.sla == "event" { row.steps[2] } else { row.steps[1] };
        story.at(turn, |name, etag| Request::respond(name, etag, "reps/max")).await;
        let told = story.told(row.steps[3] + 1).await;
        let empty = row.steps[1];
        let lines = [
            (0, "assigned reps/ana"),
            (1, "accepted reps/ana"),
            (row.steps[0], "remind reps/ana"),
            (empty, "fell_through"),
            (turn, "offer reps/max"),
            (turn, "assigned reps/max"),
            (turn, "responded reps/max"),
        ];
        assert_eq!(told, expected(&lines), "{}", row.sla);
        story.world.end().await;
    }
}
