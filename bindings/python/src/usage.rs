//! `Usage`: tokens in buckets that never overlap.

use crate::{
    convert::{json, number::count},
    error::raise,
};
use finops::core::usage::{Bucket, Usage, UsageError};
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyDict, PyType},
};

/// Tokens in buckets that never overlap, and counters of what is not tokenised.
///
/// >>> usage = finops.Usage.inclusive(10_000, 500, cached=8_000)
/// >>> usage.input, usage.cache_read, usage.prompt_tokens
/// (2000, 8000, 10000)
#[pyclass(name = "Usage", module = "finops", frozen, eq, hash)]
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct PyUsage(pub(crate) Usage);

impl PyUsage {
    /// From buckets by name.
    pub(crate) fn of_buckets(buckets: &Bound<'_, PyDict>) -> PyResult<Usage> {
        let mut usage = Usage::default();
        for (key, value) in buckets {
            let name = key.extract::<String>()?;
            let bucket = Bucket::from_name(&name)
                .ok_or_else(|| PyTypeError::new_err(format!("Usage has no bucket `{name}`")))?;
            *usage.get_mut(bucket) = count(&value, &name)?;
        }
        Ok(usage)
    }
}

#[pymethods]
impl PyUsage {
    /// Disjoint `input` and `output` tokens, and any further bucket by name.
    #[new]
    #[pyo3(signature = (input: "typing.SupportsIndex | None" = None, output: "typing.SupportsIndex | None" = None, **buckets: "typing.SupportsIndex"))]
    fn new(
        input: Option<&Bound<'_, PyAny>>,
        output: Option<&Bound<'_, PyAny>>,
        buckets: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Self> {
        let mut usage = buckets.map_or_else(|| Ok(Usage::default()), Self::of_buckets)?;
        if let Some(input) = input {
            usage.input = count(input, "input")?;
        }
        if let Some(output) = output {
            usage.output = count(output, "output")?;
        }
        Ok(Self(usage))
    }

    /// From counts whose prompt includes what was read from and written to the cache, as OpenAI reports them.
    ///
    /// Raises `UsageError` (`usage.negative_remainder`) when the parts exceed the prompt.
    #[staticmethod]
    #[pyo3(signature = (prompt: "typing.SupportsIndex", completion: "typing.SupportsIndex", cached: "typing.SupportsIndex | None" = None, cache_written: "typing.SupportsIndex | None" = None) -> "Usage")]
    fn inclusive(
        prompt: &Bound<'_, PyAny>,
        completion: &Bound<'_, PyAny>,
        cached: Option<&Bound<'_, PyAny>>,
        cache_written: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<Self> {
        let cached = cached.map_or(Ok(0), |value| count(value, "cached"))?;
        let written = cache_written.map_or(Ok(0), |value| count(value, "cache_written"))?;
        Usage::inclusive(count(prompt, "prompt")?, count(completion, "completion")?, cached, written)
            .map(Self)
            .map_err(raise)
    }

    /// The usage that a response body reports; see `finops.extract`.
    #[staticmethod]
    #[pyo3(signature = (body: "typing.Any", provider: "str | None" = None) -> "Usage")]
    fn from_response(body: &Bound<'_, PyAny>, provider: Option<&str>) -> PyResult<Self> {
        crate::extracted::read(body, provider).map(|extracted| Self(extracted.usage))
    }

    /// All prompt tokens: input, cache reads and cache writes.
    #[getter]
    fn prompt_tokens(&self) -> u64 {
        self.0.prompt_tokens()
    }

    /// All completion tokens, reasoning included.
    #[getter]
    fn completion_tokens(&self) -> u64 {
        self.0.completion_tokens()
    }

    /// Prompt and completion.
    #[getter]
    fn total_tokens(&self) -> u64 {
        self.0.total_tokens()
    }

    /// The buckets that are not 0, in the order of the wire form.
    #[pyo3(signature = () -> "dict[str, int]")]
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for bucket in Bucket::ALL {
            match self.0.get(*bucket) {
                0 => {}
                count => dict.set_item(bucket.name(), count)?,
            }
        }
        Ok(dict)
    }

    /// The wire form: JSON without zeros.
    fn to_json(&self) -> PyResult<String> {
        serde_json::to_string(&self.0).map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// Reads the wire form.
    #[staticmethod]
    fn from_json(text: &str) -> PyResult<Self> {
        let usage = serde_json::from_value(json::parse(text)?);
        usage.map(Self).map_err(|e| raise(UsageError::not_a_count("usage", e)))
    }

    /// Both, bucket by bucket.
    fn __add__(&self, other: &Self) -> PyResult<Self> {
        self.0.checked_add(&other.0).map(Self).map_err(raise)
    }

    fn __repr__(&self) -> String {
        let used = Bucket::ALL.iter().filter(|b| self.0.get(**b) != 0);
        let parts: Vec<_> = used.map(|b| format!("{}={}", b.name(), self.0.get(*b))).collect();
        format!("Usage({})", parts.join(", "))
    }

    #[pyo3(signature = () -> "tuple[typing.Any, ...]")]
    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (String,))> {
        let read = PyType::new::<Self>(py).getattr("from_json")?;
        Ok((read, (self.to_json()?,)))
    }

    /// Uncached text and tool prompt.
    #[getter]
    fn input(&self) -> u64 {
        self.0.input
    }

    /// Uncached audio of the prompt.
    #[getter]
    fn input_audio(&self) -> u64 {
        self.0.input_audio
    }

    /// Uncached images of the prompt.
    #[getter]
    fn input_image(&self) -> u64 {
        self.0.input_image
    }

    /// Uncached video of the prompt.
    #[getter]
    fn input_video(&self) -> u64 {
        self.0.input_video
    }

    /// Text read from the provider's prompt cache.
    #[getter]
    fn cache_read(&self) -> u64 {
        self.0.cache_read
    }

    /// Audio read from the cache.
    #[getter]
    fn cache_read_audio(&self) -> u64 {
        self.0.cache_read_audio
    }

    /// Images read from the cache.
    #[getter]
    fn cache_read_image(&self) -> u64 {
        self.0.cache_read_image
    }

    /// Video read from the cache.
    #[getter]
    fn cache_read_video(&self) -> u64 {
        self.0.cache_read_video
    }

    /// Written to the cache with the provider's default lifetime.
    #[getter]
    fn cache_write_5m(&self) -> u64 {
        self.0.cache_write_5m
    }

    /// Written to the cache for an hour.
    #[getter]
    fn cache_write_1h(&self) -> u64 {
        self.0.cache_write_1h
    }

    /// Text produced, reasoning included.
    #[getter]
    fn output(&self) -> u64 {
        self.0.output
    }

    /// Audio produced.
    #[getter]
    fn output_audio(&self) -> u64 {
        self.0.output_audio
    }

    /// Images produced.
    #[getter]
    fn output_image(&self) -> u64 {
        self.0.output_image
    }

    /// Video produced.
    #[getter]
    fn output_video(&self) -> u64 {
        self.0.output_video
    }

    /// The part of `output` that was reasoning: a subset, never added.
    #[getter]
    fn reasoning(&self) -> u64 {
        self.0.reasoning
    }

    /// Searches of the web.
    #[getter]
    fn web_search(&self) -> u64 {
        self.0.web_search
    }

    /// Searches of files.
    #[getter]
    fn file_search(&self) -> u64 {
        self.0.file_search
    }

    /// Runs of code.
    #[getter]
    fn code_execution(&self) -> u64 {
        self.0.code_execution
    }

    /// Requests that cost a fee of their own.
    #[getter]
    fn request(&self) -> u64 {
        self.0.request
    }

    /// Documents or searches ranked.
    #[getter]
    fn rerank(&self) -> u64 {
        self.0.rerank
    }

    /// Seconds of audio.
    #[getter]
    fn audio_second(&self) -> u64 {
        self.0.audio_second
    }

    /// Characters of text.
    #[getter]
    fn character(&self) -> u64 {
        self.0.character
    }

    /// Pages of a document.
    #[getter]
    fn page(&self) -> u64 {
        self.0.page
    }

    /// Images.
    #[getter]
    fn image(&self) -> u64 {
        self.0.image
    }
}
