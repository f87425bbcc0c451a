//! What a request pays, and when: each part of the work before it is done, so that what is refused is not free.

use super::problem::Problem;
use crate::{
    config::{ADMISSION, LimitSettings},
    server::rate_limit::{Overdrawn, RateKey, RateLimits, Standing},
    shared::error_code::ErrorCode,
};

const KIB: usize = 1024;
/// How much of a body admission pays for, bytes. The rest is a point for each KiB: so much JSON is read in the time of a point.
const FREE_BODY: usize = 16 * KIB;
/// What each full KiB of a document costs that has to be parsed and validated. Admission pays for what is shorter.
const DOCUMENT: u64 = 20;

/// One request's account.
pub(super) struct Account<'a> {
    limits: &'a LimitSettings,
    rate_limits: &'a RateLimits,
    /// Whose points are spent; nobody's in tests of the router without an address, say.
    payer: Option<RateKey>,
    /// What has been paid. It counts towards the cost of what is executed.
    paid: u64,
    /// What the payer has left.
    standing: Option<Standing>,
}

impl<'a> Account<'a> {
    pub(super) fn new(limits: &'a LimitSettings, rate_limits: &'a RateLimits) -> Self {
        Self {
            limits,
            rate_limits,
            payer: None,
            paid: 0,
            standing: None,
        }
    }

    pub(super) fn standing(&self) -> Option<Standing> {
        self.standing
    }

    /// For being heard at all.
    pub(super) fn admit(&mut self, payer: Option<RateKey>) -> Result<(), Problem> {
        self.payer = payer;
        self.charge(ADMISSION.into())
    }

    /// For a body to be read, by its bytes.
    pub(super) fn pay_for_body(&mut self, bytes: usize) -> Result<(), Problem> {
        let kibibytes = bytes.saturating_sub(FREE_BODY) / KIB;
        self.charge(kibibytes as u64)
    }

    /// For a document to be parsed and validated, by its bytes.
    pub(super) fn pay_for_document(&mut self, bytes: usize) -> Result<(), Problem> {
        self.charge((bytes / KIB) as u64 * DOCUMENT)
    }

    /// For operations to be executed. Refuses what costs too much for any client.
    pub(super) fn pay_for_execution(&mut self, cost: u64) -> Result<(), Problem> {
        let max_cost = self.limits.max_cost;
        if cost > max_cost {
            return Err(too_complex(cost, max_cost, "max_cost"));
        }
        self.charge(cost.saturating_sub(self.paid))
    }

    fn charge(&mut self, points: u64) -> Result<(), Problem> {
        let (Some(payer), 1..) = (&self.payer, points) else {
            return Ok(());
        };
        match self.rate_limits.charge(payer, points) {
            Ok(standing) => {
                self.standing = standing;
                self.paid = self.paid.saturating_add(points);
                Ok(())
            }
            Err(Overdrawn::Wait(standing, seconds)) => {
                self.standing = Some(standing);
                Err(Problem::rate_limited(seconds))
            }
            Err(Overdrawn::Never(standing)) => {
                let setting = match payer {
                    RateKey::Subject(_) => "subject_burst",
                    RateKey::Address(_) => "address_burst",
                };
                let cost = self.paid.saturating_add(points);
                Err(too_complex(cost, standing.burst().into(), setting))
            }
        }
    }
}

fn too_complex(cost: u64, most: u64, setting: &str) -> Problem {
    let message = format!(
        "The request costs {cost} points; at most {most} are allowed (setting {setting}). Ask for less at once: shorter pages, fewer levels, a shorter document."
    );
    Problem::bad_request(ErrorCode::QueryTooComplex, message)
}
