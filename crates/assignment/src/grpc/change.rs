//! Changes of an existing assignment: accept, decline, first response, reassign, claim, return, close, pause, resume.

use std::sync::Arc;

use api::{
    Error, Violations,
    convert::command::{LeadAction, LeadCommand},
    names::Resource as _,
    v1,
};
use kit::telemetry::current_traceparent;
use prost::Message;

use super::{Asker, Inner, request_key};
use crate::{
    command::{Action, Command, Reply},
    error::store_error,
};

/// A handler for each: they differ in their messages only.
macro_rules! changes {
    ($($rpc:ident($request:ident) -> $response:ident;)*) => {
        impl Inner {
            $(pub(super) async fn $rpc(&self, asker: &Asker, request: v1::$request) -> Result<v1::$response, Error> {
                let lead = self.change(asker, stringify!($rpc), request).await?;
                Ok(v1::$response { lead: Some(lead) })
            })*
        }
    };
}

changes! {
    accept_lead(AcceptLeadRequest) -> AcceptLeadResponse;
    record_first_response(RecordFirstResponseRequest) -> RecordFirstResponseResponse;
    reassign_lead(ReassignLeadRequest) -> ReassignLeadResponse;
    claim_lead(ClaimLeadRequest) -> ClaimLeadResponse;
    return_lead(ReturnLeadRequest) -> ReturnLeadResponse;
    close_lead(CloseLeadRequest) -> CloseLeadResponse;
    pause_sla(PauseSlaRequest) -> PauseSlaResponse;
    resume_sla(ResumeSlaRequest) -> ResumeSlaResponse;
    acknowledge_escalation(AcknowledgeEscalationRequest) -> AcknowledgeEscalationResponse;
    escalate_lead(EscalateLeadRequest) -> EscalateLeadResponse;
}

impl Inner {
    pub(super) async fn decline_lead(
        &self,
        asker: &Asker,
        request: v1::DeclineLeadRequest,
    ) -> Result<v1::DeclineLeadResponse, Error> {
        let lead = self.change(asker, "decline_lead", request).await?;
        let reason = match lead.rule.as_str() {
            "" => format!("No rule applies, so the default does: {} has it now.", lead.owner),
            rule => format!("Rule \"{rule}\" applies: {} has it now.", lead.owner),
        };
        Ok(v1::DeclineLeadResponse { lead: Some(lead), reason })
    }

    async fn change<R>(&self, asker: &Asker, method: &str, request: R) -> Result<v1::Lead, Error>
    where
        R: Message,
        LeadCommand: TryFrom<R, Error = Violations>,
    {
        let bytes = request.encode_to_vec();
        let command = LeadCommand::try_from(request)?;
        let request = command.request_id.map(|id| request_key(id, method, &bytes));
        // Who declines sends the lead back to routing, which asks for its score; so may a step of the chain.
        let score = match command.action {
            LeadAction::Decline { .. } | LeadAction::Escalate => {
                let leads = self.store.profiles(asker.tenant, &[command.lead]).await.map_err(store_error)?;
                let lead =
                    leads.into_iter().next().ok_or_else(|| Error::NotFound { resource: command.lead.to_name() })?;
                self.scores.of(&asker.caller.tenant, [Arc::new(lead)]).await.pop()
            }
            _ => None,
        };
        let command = Command {
            tenant: asker.tenant,
            request,
            actor: Arc::clone(&asker.caller.actor),
            note: command.note.clone(),
            traceparent: current_traceparent(),
            action: Action::Change { command, score },
        };
        match self.committer.submit(command).await? {
            Reply::Lead(lead) => Ok(*lead),
            Reply::Routed(_) | Reply::Fired(_) => Err(Error::Internal),
        }
    }
}
