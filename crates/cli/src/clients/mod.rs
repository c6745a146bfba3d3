//! Clients of the services.

mod link;

pub use link::{Caller, Link, endpoint};

use api::longrunning::operations_client::OperationsClient;
use api::v1::{
    assignment_service_client::AssignmentServiceClient, directory_service_client::DirectoryServiceClient,
    escalation_service_client::EscalationServiceClient, policy_service_client::PolicyServiceClient,
    scoring_service_client::ScoringServiceClient, subscription_service_client::SubscriptionServiceClient,
};

/// Largest answer that is taken: a page of 1,000 leads with everything that can be told of them fits.
const MAX_ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// Clients of the six services, and of the operations that they start. Cheap to clone; the calls of all clones share a connection
/// to each service.
#[derive(Debug, Clone)]
pub struct Clients {
    /// Who owns which lead.
    pub assignment: AssignmentServiceClient<Link>,
    /// Who can own leads.
    pub directory: DirectoryServiceClient<Link>,
    /// The routing policy.
    pub policy: PolicyServiceClient<Link>,
    /// Scores and points models.
    pub scoring: ScoringServiceClient<Link>,
    /// Deadlines.
    pub escalation: EscalationServiceClient<Link>,
    /// Who is told by webhook what happens.
    pub subscriptions: SubscriptionServiceClient<Link>,
    /// What takes long.
    pub operations: OperationsClient<Link>,
}

impl Clients {
    /// Clients over links to the three servers; the one of assignments has directory, policy, subscriptions
    /// and operations as well.
    pub fn new(assignment: Link, scoring: Link, escalation: Link) -> Self {
        Self {
            directory: DirectoryServiceClient::new(assignment.clone()).max_decoding_message_size(MAX_ANSWER_BYTES),
            policy: PolicyServiceClient::new(assignment.clone()).max_decoding_message_size(MAX_ANSWER_BYTES),
            subscriptions: SubscriptionServiceClient::new(assignment.clone())
                .max_decoding_message_size(MAX_ANSWER_BYTES),
            operations: OperationsClient::new(assignment.clone()).max_decoding_message_size(MAX_ANSWER_BYTES),
            assignment: AssignmentServiceClient::new(assignment).max_decoding_message_size(MAX_ANSWER_BYTES),
            scoring: ScoringServiceClient::new(scoring).max_decoding_message_size(MAX_ANSWER_BYTES),
            escalation: EscalationServiceClient::new(escalation).max_decoding_message_size(MAX_ANSWER_BYTES),
        }
    }
}
