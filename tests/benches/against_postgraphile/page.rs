//! The page that both servers are asked for: 50 services, who owns them, who delivers them, what rests on them.

use serde_json::{Value, json};

/// Kundig's query.
const KUNDIG: &str = "{
  services(first: 50, orderBy: {field: CREATED_AT}) {
    nodes {
      slug
      name
      owner: businessOwner { name }
      team { name }
      contributions { share outcome { name valuePerHour { amount } } }
    }
  }
}";

/// PostGraphile's query. Ids grow with time, so its primary key gives Kundig's order without sorting.
const POSTGRAPHILE: &str = "{
  services: allServices(first: 50, orderBy: PRIMARY_KEY_ASC) {
    nodes {
      slug
      name
      owner: personByBusinessOwnerId { name }
      team: teamByTeamId { name }
      contributions: outcomeContributionsByServiceId {
        nodes { share outcome: businessOutcomeByOutcomeId { name valuePerHour } }
      }
    }
  }
}";

/// Whose query and answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Flavour {
    /// Kundig's.
    Kundig,
    /// PostGraphile's.
    Postgraphile,
}

impl Flavour {
    /// The body of the HTTP request.
    pub(crate) fn body(self) -> String {
        let query = match self {
            Self::Kundig => KUNDIG,
            Self::Postgraphile => POSTGRAPHILE,
        };
        json!({ "query": query }).to_string()
    }

    /// What the answer says, the same for both where they say the same.
    pub(crate) fn content(self, answer: &Value) -> anyhow::Result<Vec<Service>> {
        anyhow::ensure!(answer["errors"].is_null(), "{self:?} answers {answer:#}");
        let services = answer["data"]["services"]["nodes"].as_array();
        services
            .into_iter()
            .flatten()
            .map(|service| self.service(service))
            .collect()
    }

    fn service(self, service: &Value) -> anyhow::Result<Service> {
        let contributions = match self {
            Self::Kundig => &service["contributions"],
            Self::Postgraphile => &service["contributions"]["nodes"],
        };
        let contributions = contributions.as_array().into_iter().flatten();
        let mut contributions = contributions
            .map(|contribution| {
                let outcome = &contribution["outcome"];
                Ok((
                    text(&outcome["name"]),
                    self.value_per_hour(outcome)?,
                    contribution["share"].as_f64(),
                ))
            })
            .collect::<anyhow::Result<Vec<_>>>()?;
        contributions.sort_by(|one: &Contribution, other| one.0.cmp(&other.0));
        Ok(Service {
            slug: text(&service["slug"]),
            name: text(&service["name"]),
            owner: text(&service["owner"]["name"]),
            team: text(&service["team"]["name"]),
            contributions,
        })
    }

    fn value_per_hour(self, outcome: &Value) -> anyhow::Result<f64> {
        let value = &outcome["valuePerHour"];
        Ok(match self {
            Self::Kundig => text(&value["amount"]).parse::<f64>()?,
            Self::Postgraphile => text(value).parse::<f64>()? / 10_000.0,
        })
    }
}

/// One service of the page.
#[derive(Debug, PartialEq)]
pub(crate) struct Service {
    slug: String,
    name: String,
    owner: String,
    team: String,
    contributions: Vec<Contribution>,
}

/// Outcome, value per hour, share.
type Contribution = (String, f64, Option<f64>);

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
