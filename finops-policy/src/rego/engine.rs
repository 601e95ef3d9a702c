//! One evaluation: compile, run under limits, and turn every fault into a code.

use std::{
    num::{NonZeroU32, NonZeroUsize},
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use regorus::{
    Value,
    languages::rego::compiler::Compiler,
    rvm::{Program, RegoVM, vm::VmError},
    utils::limits::ExecutionTimerConfig,
};

use super::{
    Engine, Module, bounded,
    coverage::Lines,
    lint,
    merge::{self, Origins},
    source::SetRules,
    value,
};
use crate::Json;

/// How much one evaluation may take: section 8 of the policy specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Wall clock, checked by the engine between steps.
    pub wall: Duration,
    /// Instructions of the virtual machine for any input.
    pub instructions: usize,
    /// Further instructions for each node of the input.
    pub instructions_per_node: usize,
    /// Length of the result as compact JSON, in bytes.
    pub result_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall: Duration::from_millis(25),
            instructions: 25_000,
            instructions_per_node: 100,
            result_bytes: 1_048_576,
        }
    }
}

impl Limits {
    /// For checks outside the path of a request, unit tests say: the same bounds, but a wall clock that a busy machine
    /// does not exceed.
    #[must_use]
    pub fn patient() -> Self {
        Self { wall: Duration::from_secs(2), ..Self::default() }
    }
}

/// A fault of an evaluation; each of them denies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EvalError {
    /// `policy.parse`, `policy.compile`, `policy.eval`, `policy.result`, `policy.timeout`,
    /// `policy.instruction_limit`, `policy.panic`, or without the lint `lint.recursion` and `lint.depth`.
    pub code: &'static str,
    /// What the engine says.
    pub message: String,
}

impl EvalError {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    pub(crate) fn eval(message: impl Into<String>) -> Self {
        Self::new("policy.eval", message)
    }

    pub(crate) fn result(message: impl Into<String>) -> Self {
        Self::new("policy.result", message)
    }
}

/// What a query yields.
#[derive(Debug, Clone, PartialEq)]
pub enum Evaluated {
    /// The value of the query.
    Value(Json),
    /// No value.
    Undefined,
    /// A fault.
    Error(EvalError),
}

/// Evaluates `query`, the path of a rule such as `data.finops.deny`, over `modules` and the base document `data`. Without
/// `input` the input is undefined. Nothing is linted: this is for tests, tables and reading single rules.
#[must_use]
pub fn evaluate(
    modules: &[Module],
    data: &Json,
    query: &str,
    input: Option<&Json>,
    engine: Engine,
) -> Evaluated {
    let run = || {
        let data = value::from_json(data)?.value;
        let input = input.map(value::from_json).transpose()?;
        let limits = Limits::patient();
        let value = Prepared::new(read(modules)?.engine, data, query, engine)?.run(input, &limits)?;
        match value {
            Value::Undefined => Ok(None),
            value => value::to_json(&value, limits.result_bytes).map(Some),
        }
    };
    match guarded(run) {
        Ok(Some(value)) => Evaluated::Value(value),
        Ok(None) => Evaluated::Undefined,
        Err(error) => Evaluated::Error(error),
    }
}

/// Runs `work`, which may panic inside the engine.
pub(crate) fn guarded<T>(work: impl FnOnce() -> Result<T, EvalError>) -> Result<T, EvalError> {
    // A value that a panic left half changed is dropped with the closure: every evaluation has its own.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|payload| {
        let text = payload
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no message");
        Err(EvalError::new("policy.panic", format!("the engine panicked: {text}")))
    })
}

/// Modules and data compiled for one rule. Immutable: every run has its own interpreter or machine.
#[derive(Debug, Clone)]
pub(crate) struct Prepared {
    rule: String,
    /// Parsed, with its data, and prepared: a copy of it evaluates.
    interpreter: Box<regorus::Engine>,
    /// For the virtual machine: the program and the base document.
    machine: Option<(Arc<Program>, Value)>,
}

impl Prepared {
    /// Compiles what `interpreter` has parsed, over `data`, for the rule `rule`, a path such as `data.finops.deny`.
    pub(crate) fn new(
        mut interpreter: regorus::Engine,
        data: Value,
        rule: &str,
        engine: Engine,
    ) -> Result<Self, EvalError> {
        interpreter.set_strict_builtin_errors(engine == Engine::Interpreter);
        interpreter.add_data(data.clone()).map_err(compile_error)?;
        let compiled = interpreter.compile_with_entrypoint(&rule.into()).map_err(compile_error)?;
        let machine = match engine {
            Engine::Interpreter => None,
            Engine::Rvm => {
                let program = Compiler::compile_from_policy(&compiled, &[rule])
                    .map_err(|e| EvalError::eval(e.to_string()))?;
                Some((program, data))
            }
        };
        interpreter.set_strict_builtin_errors(true);
        Ok(Self { rule: rule.to_owned(), interpreter: Box::new(interpreter), machine })
    }

    /// A copy of the strict interpreter, for what the compiled rule does not answer.
    pub(crate) fn interpreter(&self) -> regorus::Engine {
        (*self.interpreter).clone()
    }

    /// Evaluates the rule and adds the lines that ran.
    pub(super) fn cover(&self, input: Value, limits: &Limits, origins: &Origins) -> Result<Lines, EvalError> {
        let mut engine = self.interpreter();
        engine.set_enable_coverage(true);
        interpreted(&mut engine, &self.rule, input, limits)?;
        let mut lines = Lines::default();
        lines.add(&engine, origins)?;
        Ok(lines)
    }

    /// Evaluates the rule: its value, or undefined.
    pub(crate) fn run(&self, input: Option<value::Converted>, limits: &Limits) -> Result<Value, EvalError> {
        let (input, nodes) = input.map_or((Value::Undefined, 0), |input| (input.value, input.nodes));
        let Some((program, data)) = &self.machine else {
            return interpreted(&mut self.interpreter(), &self.rule, input, limits);
        };
        let mut machine = RegoVM::new();
        machine.load_program(Arc::clone(program));
        machine.set_data(data.clone()).map_err(|e| machine_error(&e))?;
        machine.set_input(input);
        let extra = nodes.saturating_mul(limits.instructions_per_node);
        machine.set_max_instructions(limits.instructions.saturating_add(extra));
        machine.set_execution_timer_config(Some(timer(limits, MACHINE_STEPS)));
        machine.execute_entry_point_by_index(0).map_err(|e| machine_error(&e))
    }
}

/// Evaluates `rule`, the path of a rule, in `engine`, which is not used again: a fault leaves it half way.
pub(crate) fn interpreted(
    engine: &mut regorus::Engine,
    rule: &str,
    input: Value,
    limits: &Limits,
) -> Result<Value, EvalError> {
    engine.set_execution_timer_config(timer(limits, INTERPRETER_STEPS));
    engine.set_input(input);
    engine.eval_rule(rule.to_owned()).map_err(interpreter_error)
}

/// Evaluates `query`, any query of one expression, in `engine`, which is not used again.
pub(crate) fn queried(
    engine: &mut regorus::Engine,
    query: &str,
    input: Value,
    limits: &Limits,
) -> Result<Value, EvalError> {
    engine.set_execution_timer_config(timer(limits, INTERPRETER_STEPS));
    engine.set_input(input);
    let mut results = engine.eval_query(query.to_owned(), false).map_err(interpreter_error)?;
    let first = results.result.first_mut().and_then(|result| result.expressions.first_mut());
    Ok(first
        .map_or(Value::Undefined, |expression| std::mem::replace(&mut expression.value, Value::Undefined)))
}

/// Instructions of the machine between two looks at the clock, about 10 microseconds.
const MACHINE_STEPS: NonZeroU32 = NonZeroU32::new(256).unwrap();

/// Steps of the interpreter between two looks at the clock, about 10 microseconds.
const INTERPRETER_STEPS: NonZeroU32 = NonZeroU32::new(32).unwrap();

const fn timer(limits: &Limits, check_interval: NonZeroU32) -> ExecutionTimerConfig {
    ExecutionTimerConfig { limit: limits.wall, check_interval }
}

/// Modules ready to be compiled.
pub(crate) struct Parsed {
    /// An interpreter that has parsed them, joined where it must be.
    pub(crate) engine: regorus::Engine,
    /// What they declare, as they were given.
    pub(crate) rules: SetRules,
    /// Where the lines of the joined ones come from.
    pub(crate) origins: Origins,
}

/// Parses `modules`, which nobody has linted: here only what would abort the process is refused.
pub(crate) fn read(modules: &[Module]) -> Result<Parsed, EvalError> {
    let report = lint::lint(modules, &Json::object::<&str>([]), "");
    let aborts = ["policy.parse", "lint.recursion", "lint.depth"];
    match report.errors.iter().find(|finding| aborts.contains(&finding.code)) {
        Some(finding) => Err(EvalError::new(finding.code, finding.to_string())),
        None => parsed(modules),
    }
}

/// Parses `modules`, which keep to the limits of a source: the parser recurses.
pub(crate) fn parsed(modules: &[Module]) -> Result<Parsed, EvalError> {
    let mut engine = parser(modules)?;
    let rules = SetRules::of(&mut engine);
    let trees: Vec<&regorus::unstable::Module> = engine.get_modules().iter().map(AsRef::as_ref).collect();
    let Some((joined, origins)) = merge::joined(&trees)? else {
        return Ok(Parsed { engine, rules, origins: Origins::default() });
    };
    Ok(Parsed { engine: parser(&joined)?, rules, origins })
}

/// An interpreter that has parsed `modules` as they are.
pub(crate) fn parser(modules: &[Module]) -> Result<regorus::Engine, EvalError> {
    let mut engine = regorus::Engine::new();
    // The lint has measured each module; joined they may be longer.
    engine.set_policy_length_config(regorus::PolicyLengthConfig {
        max_file_bytes: NonZeroUsize::MAX,
        max_lines: NonZeroUsize::MAX,
        ..regorus::PolicyLengthConfig::default()
    });
    // What a policy prints goes nowhere.
    engine.set_gather_prints(true);
    bounded::register(&mut engine)?;
    modules.iter().try_for_each(|module| add(&mut engine, module))?;
    Ok(engine)
}

/// Adds one module to `engine`.
pub(crate) fn add(engine: &mut regorus::Engine, module: &Module) -> Result<(), EvalError> {
    let added = engine.add_policy(module.name.clone(), module.text.clone());
    added.map(drop).map_err(|e| EvalError::new("policy.parse", e.to_string()))
}

fn compile_error(error: impl AsRef<dyn std::error::Error>) -> EvalError {
    EvalError::new("policy.compile", error.as_ref().to_string())
}

/// How `regorus::LimitError::TimeLimitExceeded` begins.
const TIME_LIMIT: &str = "execution exceeded time limit (elapsed=";

fn interpreter_error(error: impl AsRef<dyn std::error::Error>) -> EvalError {
    let mut cause = Some(error.as_ref());
    while let Some(error) = cause {
        if let Some(regorus::LimitError::TimeLimitExceeded { limit, .. }) = error.downcast_ref() {
            return timeout(Some(*limit));
        }
        cause = error.source();
    }
    let text = error.as_ref().to_string();
    // Some ways through the interpreter keep the text of the limit and not its type.
    if text.starts_with(TIME_LIMIT) {
        return timeout(None);
    }
    EvalError::eval(on_one_line(&text))
}

/// Never how long it took: the same input gives the same bytes.
fn timeout(limit: Option<Duration>) -> EvalError {
    let took =
        limit.map_or_else(|| "too long".to_owned(), |limit| format!("more than {} ms", limit.as_millis()));
    let message = format!("the evaluation took {took}; make the policy cheaper or the input smaller");
    EvalError::new("policy.timeout", message)
}

/// `<file>:<line>:<column>: <message>` of what regorus writes around an excerpt of the source.
fn on_one_line(text: &str) -> String {
    let place = text.split_once("--> ").and_then(|(_, rest)| rest.lines().next());
    match (place, text.rsplit_once("error: ")) {
        (Some(place), Some((_, message))) => format!("{place}: {}", message.trim()),
        _ => text.to_owned(),
    }
}

fn machine_error(error: &VmError) -> EvalError {
    match error {
        VmError::TimeLimitExceeded { limit, .. } => timeout(Some(*limit)),
        VmError::InstructionLimitExceeded { limit, .. } => {
            let help = "make the policy cheaper or the input smaller";
            let message = format!("the evaluation took more than {limit} instructions; {help}");
            EvalError::new("policy.instruction_limit", message)
        }
        other => EvalError::eval(on_one_line(&other.to_string())),
    }
}

#[cfg(test)]
mod tests;
