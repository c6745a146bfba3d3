//! Nobody ever answers: reminder, backup, manager, queue.

use leadrouter_tests::requests::Request;

use super::{ROWS, Story, expected};

#[tokio::test(flavor = "multi_thread")]
async fn nobody_answers_down_to_the_queue() {
    for row in &ROWS {
        let [remind, mut backup, manager, queue] = row.steps;
        let mut story = Story::begin(row, ", backup: ben", "").await;
        story.at(1, |name, etag| Request::accept(name, etag, "reps/ana")).await;
        let mut lines = vec![(0, "assigned reps/ana"), (1, "accepted reps/ana"), (remind, "remind reps/ana")];
        if row.sla == "event" {
            // At night there is no backup, and in the morning it is the manager's turn.
            backup = manager;
            lines.push((60 * super::HOUR, "fell_through"));
        } else {
            lines.extend([(backup, "offer reps/ben"), (backup, "assigned reps/ben")]);
        }
        // Ben and Max say yes and do no more, so that no acceptance window ends their turn.
        if row.sla != "event" {
            story.at(backup + 1, |name, etag| Request::accept(name, etag, "reps/ben")).await;
            lines.push((backup + 1, "accepted reps/ben"));
        }
        story.at(manager + 1, |name, etag| Request::accept(name, etag, "reps/max")).await;
        lines.extend([(manager, "offer reps/max"), (manager, "assigned reps/max"), (manager + 1, "accepted reps/max")]);
        lines.extend([(queue, "queue queues/review"), (queue, "queued queues/review")]);
        assert_eq!(story.told(queue + 60).await, expected(&lines), "{}", row.sla);
        story.world.end().await;
    }
}
