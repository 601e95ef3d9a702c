//! What an assessment is about: a workload, a node, a volume, a route.

use std::{cmp::Ordering, fmt, hash, sync::Arc};

/// What kind of thing a subject is; its word is the `resource_type` of the finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SubjectKind {
    /// A workload or one of its containers.
    Workload,
    /// A node.
    Node,
    /// A node pool of a full inventory.
    NodePool,
    /// A claim for a volume.
    Claim,
    /// A volume.
    Volume,
    /// A service.
    Service,
    /// An ingress.
    Ingress,
    /// An autoscaler.
    Autoscaler,
    /// A configuration object.
    Config,
    /// A namespace.
    Namespace,
    /// A node group of the summary form.
    NodeGroup,
    /// The nodes of one instance type in the summary form.
    NodeType,
    /// A container with GPUs.
    GpuContainer,
    /// An endpoint of a model.
    Endpoint,
    /// Provisioned throughput of a model.
    Throughput,
    /// A route of calls.
    Route,
    /// A training run.
    TrainingRun,
}

impl SubjectKind {
    /// The word in front of a full subject.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Workload => "workload",
            Self::Node => "node",
            Self::NodePool => "node_pool",
            Self::Claim => "claim",
            Self::Volume => "volume",
            Self::Service => "service",
            Self::Ingress => "ingress",
            Self::Autoscaler => "autoscaler",
            Self::Config => "config",
            Self::Namespace => "namespace",
            Self::NodeGroup => "node_group",
            Self::NodeType => "node_type",
            Self::GpuContainer => "gpu_container",
            Self::Endpoint => "endpoint",
            Self::Throughput => "throughput",
            Self::Route => "route",
            Self::TrainingRun => "training_run",
        }
    }
}

/// A part of the full text: start and length in bytes; nothing when the length is 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Part(u32, u32);

#[derive(Debug)]
struct Parts {
    kind: SubjectKind,
    id: Box<str>,
    /// Where the shown form begins: after the word in the summary form.
    shown: u32,
    namespace: Part,
    object_kind: Part,
    name: Part,
    container: Part,
}

/// What an assessment is about. Cheap to copy; compared by its kind and text.
///
/// ```
/// use finops_core::waste::Subject;
/// let app = Subject::container("shop", "Deployment", "web", "app");
/// assert_eq!(app.text(), "workload/shop/Deployment/web/app");
/// assert_eq!((app.namespace(), app.name(), app.container_name()), (Some("shop"), "web", Some("app")));
/// let summary = Subject::summary_workload("finance", "payment-service");
/// assert_eq!((summary.text(), summary.id()), ("finance/payment-service", "workload/finance/payment-service"));
/// ```
#[derive(Debug, Clone)]
pub struct Subject(Arc<Parts>);

fn length(text: &str) -> u32 {
    u32::try_from(text.len()).unwrap_or(u32::MAX)
}

impl Subject {
    fn build(kind: SubjectKind, word: bool, segments: [(&str, Role); 4]) -> Self {
        let (mut namespace, mut object_kind, mut name, mut container) =
            (Part::default(), Part::default(), Part::default(), Part::default());
        let letters = segments.iter().map(|(text, _)| text.len().saturating_add(1));
        // Exact, or a letter more without a word: boxing it then copies nothing.
        let mut id = String::with_capacity(
            letters.fold(if word { kind.word().len() } else { 0 }, usize::saturating_add),
        );
        if word {
            id.push_str(kind.word());
        }
        for (text, role) in segments {
            if role == Role::None {
                continue;
            }
            if !id.is_empty() {
                id.push('/');
            }
            let part = Part(length(&id), length(text));
            id.push_str(text);
            match role {
                Role::Namespace => namespace = part,
                Role::Kind => object_kind = part,
                Role::Name => name = part,
                Role::Container => container = part,
                Role::None => {}
            }
        }
        Self(Arc::new(Parts {
            kind,
            id: id.into_boxed_str(),
            shown: 0,
            namespace,
            object_kind,
            name,
            container,
        }))
    }

    fn summary(kind: SubjectKind, segments: [(&str, Role); 4]) -> Self {
        let mut subject = Self::build(kind, true, segments);
        if let Some(parts) = Arc::get_mut(&mut subject.0) {
            parts.shown = length(kind.word()).saturating_add(1);
        }
        subject
    }

    /// `workload/<namespace>/<kind>/<name>`.
    #[must_use]
    pub fn workload(namespace: &str, kind: &str, name: &str) -> Self {
        let segments =
            [(namespace, Role::Namespace), (kind, Role::Kind), (name, Role::Name), ("", Role::None)];
        Self::build(SubjectKind::Workload, true, segments)
    }

    /// `workload/<namespace>/<kind>/<name>/<container>`.
    #[must_use]
    pub fn container(namespace: &str, kind: &str, name: &str, container: &str) -> Self {
        let segments = [
            (namespace, Role::Namespace),
            (kind, Role::Kind),
            (name, Role::Name),
            (container, Role::Container),
        ];
        Self::build(SubjectKind::Workload, true, segments)
    }

    /// `<word>/<namespace>/<name>`: claims, services, ingresses and autoscalers.
    #[must_use]
    pub fn namespaced(kind: SubjectKind, namespace: &str, name: &str) -> Self {
        let segments = [(namespace, Role::Namespace), (name, Role::Name), ("", Role::None), ("", Role::None)];
        Self::build(kind, true, segments)
    }

    /// `config/<namespace>/<kind>/<name>`.
    #[must_use]
    pub fn config(namespace: &str, kind: &str, name: &str) -> Self {
        let segments =
            [(namespace, Role::Namespace), (kind, Role::Kind), (name, Role::Name), ("", Role::None)];
        Self::build(SubjectKind::Config, true, segments)
    }

    /// `<word>/<name>`: nodes, node pools, volumes and namespaces.
    #[must_use]
    pub fn global(kind: SubjectKind, name: &str) -> Self {
        let segments = [(name, Role::Name), ("", Role::None), ("", Role::None), ("", Role::None)];
        Self::build(kind, true, segments)
    }

    /// The bare name of an AI subject: a route, an endpoint, a throughput or a training run.
    #[must_use]
    pub fn named(kind: SubjectKind, name: &str) -> Self {
        let segments = [(name, Role::Name), ("", Role::None), ("", Role::None), ("", Role::None)];
        Self::build(kind, false, segments)
    }

    /// The summary form of a workload, shown as `<namespace>/<name>`.
    #[must_use]
    pub fn summary_workload(namespace: &str, name: &str) -> Self {
        let segments = [(namespace, Role::Namespace), (name, Role::Name), ("", Role::None), ("", Role::None)];
        Self::summary(SubjectKind::Workload, segments)
    }

    /// The summary form of an autoscaler, shown as `<namespace>/<name>`.
    #[must_use]
    pub fn summary_autoscaler(namespace: &str, name: &str) -> Self {
        let segments = [(namespace, Role::Namespace), (name, Role::Name), ("", Role::None), ("", Role::None)];
        Self::summary(SubjectKind::Autoscaler, segments)
    }

    /// The summary form of what has a name alone: node groups, instance types, volumes, containers with GPUs.
    #[must_use]
    pub fn summary_named(kind: SubjectKind, name: &str) -> Self {
        let segments = [(name, Role::Name), ("", Role::None), ("", Role::None), ("", Role::None)];
        Self::summary(kind, segments)
    }

    /// The subject of an [`id`](Self::id) with its word in front; `None` for any other text, so for the bare names of AI
    /// subjects.
    #[must_use]
    pub fn from_id(id: &str) -> Option<Self> {
        use SubjectKind as K;
        let (word, rest) = id.split_once('/')?;
        let parts: Vec<&str> = rest.split('/').collect();
        let kinds =
            [K::Node, K::NodePool, K::Volume, K::Namespace, K::NodeGroup, K::NodeType, K::GpuContainer];
        let namespaced = [K::Claim, K::Service, K::Ingress, K::Autoscaler];
        let of_word = |kinds: &[K]| kinds.iter().copied().find(|kind| kind.word() == word);
        match (word, parts.as_slice()) {
            ("workload", [namespace, name]) => Some(Self::summary_workload(namespace, name)),
            ("workload", [namespace, kind, name]) => Some(Self::workload(namespace, kind, name)),
            ("workload", [namespace, kind, name, container]) => {
                Some(Self::container(namespace, kind, name, container))
            }
            ("config", [namespace, kind, name]) => Some(Self::config(namespace, kind, name)),
            (_, [namespace, name]) if of_word(&namespaced).is_some() => {
                of_word(&namespaced).map(|kind| Self::namespaced(kind, namespace, name))
            }
            _ if rest.is_empty() => None,
            _ => of_word(&kinds).map(|kind| match kind {
                K::Node | K::NodePool | K::Volume | K::Namespace => Self::global(kind, rest),
                _ => Self::summary_named(kind, rest),
            }),
        }
    }

    /// What kind of thing it is.
    #[must_use]
    pub fn kind(&self) -> SubjectKind {
        self.0.kind
    }

    /// The text that reports show.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.id.get(usize::try_from(self.0.shown).unwrap_or(0)..).unwrap_or_default()
    }

    /// The `resource_id` of the finding: with its word in front, but for AI subjects, which are bare names.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }

    fn part(&self, part: Part) -> Option<&str> {
        let start = usize::try_from(part.0).ok()?;
        let end = start.checked_add(usize::try_from(part.1).ok()?)?;
        self.0.id.get(start..end).filter(|_| part != Part::default())
    }

    /// The namespace, where it has one.
    #[must_use]
    pub fn namespace(&self) -> Option<&str> {
        self.part(self.0.namespace)
    }

    /// The Kubernetes kind of a workload or configuration object.
    #[must_use]
    pub fn object_kind(&self) -> Option<&str> {
        self.part(self.0.object_kind)
    }

    /// The name: of the workload, node, volume, route.
    #[must_use]
    pub fn name(&self) -> &str {
        self.part(self.0.name).unwrap_or_default()
    }

    /// The container of a workload, where the subject is one.
    #[must_use]
    pub fn container_name(&self) -> Option<&str> {
        self.part(self.0.container)
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Role {
    Namespace,
    Kind,
    Name,
    Container,
    None,
}

impl PartialEq for Subject {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Subject {}

impl Ord for Subject {
    fn cmp(&self, other: &Self) -> Ordering {
        self.text().cmp(other.text()).then_with(|| self.0.kind.cmp(&other.0.kind))
    }
}

impl PartialOrd for Subject {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl hash::Hash for Subject {
    fn hash<H: hash::Hasher>(&self, state: &mut H) {
        self.text().hash(state);
        self.0.kind.hash(state);
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back() {
        for subject in [
            Subject::container("shop", "Deployment", "web", "app"),
            Subject::workload("shop", "StatefulSet", "db"),
            Subject::summary_workload("shop", "web"),
            Subject::config("shop", "Secret", "key"),
            Subject::namespaced(SubjectKind::Autoscaler, "shop", "web"),
            Subject::namespaced(SubjectKind::Claim, "shop", "data"),
            Subject::global(SubjectKind::Node, "n1"),
            Subject::global(SubjectKind::Volume, "vol-1"),
            Subject::summary_named(SubjectKind::NodeGroup, "workers"),
            Subject::summary_named(SubjectKind::GpuContainer, "a/b/c"),
        ] {
            let read = Subject::from_id(subject.id());
            assert_eq!(
                read.as_ref().map(|read| (read.kind(), read.id())),
                Some((subject.kind(), subject.id()))
            );
            assert_eq!(read.as_ref().map(Subject::name), Some(subject.name()));
        }
        for text in ["", "chat", "workload/a", "workload/a/b/c/d/e", "node/", "route/chat", "claim/a"] {
            assert_eq!(Subject::from_id(text), None, "{text}");
        }
    }

    #[test]
    fn every_form_has_its_words() {
        let claim = Subject::namespaced(SubjectKind::Claim, "n", "data");
        assert_eq!((claim.text(), claim.namespace(), claim.name()), ("claim/n/data", Some("n"), "data"));
        let node = Subject::global(SubjectKind::Node, "n1");
        assert_eq!((node.text(), node.id(), node.namespace()), ("node/n1", "node/n1", None));
        let config = Subject::config("n", "ConfigMap", "old");
        assert_eq!((config.text(), config.object_kind()), ("config/n/ConfigMap/old", Some("ConfigMap")));
        let volume = Subject::summary_named(SubjectKind::Volume, "vol-1");
        assert_eq!((volume.text(), volume.id()), ("vol-1", "volume/vol-1"));
        let route = Subject::named(SubjectKind::Route, "/chat");
        assert_eq!((route.text(), route.id(), route.name()), ("/chat", "/chat", "/chat"));
        assert_eq!(Subject::summary_workload("a/b", "c").namespace(), Some("a/b"));
    }
}
