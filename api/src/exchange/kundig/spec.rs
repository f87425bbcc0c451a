//! The `spec` of each kind.

use jiff::Timestamp;
use rust_decimal::Decimal;

use super::{
    read::{DECIMAL, Edges, Reader, parsed},
    shadow_it, slas,
};
use crate::{
    catalog::{
        capabilities::rules::CapabilityPatch,
        customers::rules::CustomerPatch,
        offerings::rules::OfferingPatch,
        people::rules::PersonPatch,
        services::rules::{Link, ServicePatch},
        teams::rules::TeamPatch,
    },
    exchange::plan::{Change, fields},
    outcomes::rules::{Metric, OutcomePatch},
    shared::{form::HeaderPatch, ids::ObjectType, patch::Patch},
};

/// Reads the spec of a document of this kind.
pub(super) fn read(kind: ObjectType, header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    match kind {
        ObjectType::Team => team(header, reader),
        ObjectType::Customer => customer(header, reader),
        ObjectType::Person => person(header, reader),
        ObjectType::BusinessCapability => capability(header, reader),
        ObjectType::BusinessOutcome => outcome(header, reader),
        ObjectType::Service => service(header, reader),
        ObjectType::ServiceOffering => offering(header, reader),
        ObjectType::SupportCalendar => slas::calendar(header, reader),
        ObjectType::ServiceLevelAgreement => slas::agreement(header, reader),
        ObjectType::ShadowItSighting => shadow_it::sighting(header, reader),
    }
}

fn team(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let description = reader.text("description");
    reader.point("parent", fields::PARENT, ObjectType::Team);
    reader.points("children", fields::CHILDREN, ObjectType::Team);
    reader.points("members", fields::MEMBERS, ObjectType::Person);
    Change::Team(TeamPatch {
        header,
        description,
        ..TeamPatch::default()
    })
}

fn customer(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let industry = reader.text("industry");
    let description = reader.text("description");
    reader.point("parent", fields::PARENT, ObjectType::Customer);
    reader.point("representative", fields::REPRESENTATIVE, ObjectType::Person);
    Change::Customer(CustomerPatch {
        header,
        industry,
        description,
        ..CustomerPatch::default()
    })
}

fn person(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let email = reader.text("email");
    let subject = reader.text("subject");
    reader.point("customer", fields::CUSTOMER, ObjectType::Customer);
    reader.points("teams", fields::TEAMS, ObjectType::Team);
    Change::Person(PersonPatch {
        header,
        email,
        subject,
        ..PersonPatch::default()
    })
}

fn capability(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let description = reader.text("description");
    reader.point("parent", fields::PARENT, ObjectType::BusinessCapability);
    Change::Capability(CapabilityPatch {
        header,
        description,
        ..CapabilityPatch::default()
    })
}

fn outcome(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let description = reader.text("description");
    reader.point("customer", fields::CUSTOMER, ObjectType::Customer);
    reader.point("owner", fields::OWNER, ObjectType::Person);
    let value_per_hour = reader.decimal("valuePerHour");
    let metric = Patch::from(metric(reader));
    Change::Outcome(OutcomePatch {
        header,
        description,
        value_per_hour,
        metric,
        ..OutcomePatch::default()
    })
}

fn metric(reader: &mut Reader<'_, '_>) -> Option<Metric> {
    reader.locate("metric");
    let there = reader.fields.has("metric");
    let mut fields = reader.fields.mapping("metric", reader.problems);
    if !there {
        return None;
    }
    let text = |fields: &mut crate::exchange::fields::Fields<'_>, name, problems: &mut _| {
        fields
            .text(name, problems)
            .map(|text| text.value.to_owned())
    };
    let name = text(&mut fields, "name", reader.problems);
    let unit = text(&mut fields, "unit", reader.problems);
    let mut number = |name| parsed::<Decimal>(&mut fields, name, DECIMAL, reader.problems);
    let (baseline, target, current) = (number("baseline"), number("target"), number("current"));
    fields.refuse_rest(reader.problems);
    for name in ["name", "unit", "target"] {
        if !fields.has(name)
            && let Some(at) = fields.at()
        {
            let path = fields.path_of(name);
            reader.problems.error(at, format!("`{path}` is missing"));
        }
    }
    Some(Metric {
        name: name?,
        unit: unit?,
        baseline,
        target: target?,
        current,
    })
}

fn service(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let patch = ServicePatch {
        header,
        description: reader.text("description"),
        kind: reader.word("kind"),
        lifecycle: reader.word("lifecycle"),
        tier: reader.word("tier"),
        tags: reader.texts("tags"),
        links: Patch::Set(links(reader)),
        ..ServicePatch::default()
    };
    reader.point("businessOwner", fields::BUSINESS_OWNER, ObjectType::Person);
    reader.point("serviceOwner", fields::SERVICE_OWNER, ObjectType::Person);
    reader.point("team", fields::TEAM, ObjectType::Team);
    reader.point(
        "capability",
        fields::CAPABILITY,
        ObjectType::BusinessCapability,
    );
    let confirmed_at = reader.parsed::<Timestamp>(
        "ownershipConfirmedAt",
        "an instant like 2026-10-01T08:00:00Z",
    );
    for (name, field) in [
        ("dependencies", fields::DEPENDENCIES),
        ("dependents", fields::DEPENDENTS),
    ] {
        reader.edges(&Edges {
            name,
            field,
            target: "service",
            target_type: ObjectType::Service,
            number: "strength",
            needs_number: false,
            with_origin: true,
        });
    }
    reader.edges(&Edges {
        name: "contributions",
        field: fields::CONTRIBUTIONS,
        target: "outcome",
        target_type: ObjectType::BusinessOutcome,
        number: "share",
        needs_number: true,
        with_origin: false,
    });
    Change::Service(Box::new(patch), confirmed_at)
}

fn links(reader: &mut Reader<'_, '_>) -> Vec<Link> {
    reader.locate("links");
    let mut links = Vec::new();
    for mut link in reader.fields.mappings("links", reader.problems) {
        let url = link.text("url", reader.problems);
        let title = link.text("title", reader.problems);
        link.refuse_rest(reader.problems);
        match (url, link.at()) {
            (Some(url), _) => links.push(Link {
                url: url.value.to_owned(),
                title: title.map(|title| title.value.to_owned()),
            }),
            (None, Some(at)) if !link.has("url") => {
                reader.problems.error(at, "`spec.links.url` is missing");
            }
            (None, _) => {}
        }
    }
    links
}

fn offering(header: HeaderPatch, reader: &mut Reader<'_, '_>) -> Change {
    let patch = OfferingPatch {
        header,
        description: reader.text("description"),
        input_schema: reader.json("inputSchema"),
        requires_approval: reader.flag("requiresApproval"),
        automated: reader.flag("automated"),
        price: reader.decimal("price"),
        active: reader.flag("active"),
        ..OfferingPatch::default()
    };
    reader.point("service", fields::SERVICE, ObjectType::Service);
    Change::Offering(patch)
}
