"""Which public functions are which rows, and why the others have none: every differentiable name, once.

A bare name is that function in every namespace that has it; a dotted one is that function alone. Two names of one row
can be different Python functions with different derivatives: `catalogue/spellings.py` makes each of them a row of its
own, so that all of them can be asked. The table is written for the TensorFlow of `VERSION`.
"""

from typing import Any, Callable, List, NamedTuple, Tuple

VERSION = "2.21"

NAMESPACES = (
    "tf",
    "tf.math",
    "tf.math.special",
    "tf.nn",
    "tf.nn.experimental",
    "tf.keras.activations",
    "tf.keras.losses",
    "tf.keras.ops",
    "tf.keras.ops.nn",
    "tf.keras.ops.numpy",
    "tf.experimental.numpy",
)


def plainly(tf: Any, f: Any, *x: Any) -> Any:
    """The call of most spellings."""
    return f(*x)


def loss(tf: Any, f: Any, a: Any, b: Any) -> Any:
    """A loss of Keras, which means over the last axis, of predictions a and labels b."""
    return f(b[..., None], a[..., None])


def soft_labels(tf: Any, x: Any) -> Any:
    """The labels of the row `softmax_cross_entropy`."""
    return tf.constant(((0.25, 0.5, 0.25), (1.0, 0.0, 0.0)), x.dtype)


class Spelling(NamedTuple):
    """Names of one row, and how they are called with the row's inputs."""

    row: str
    names: str  # with blanks between them
    call: Callable[..., Any] = plainly  # (tf, function, *x) -> tensor


SPELLINGS = (
    # elementary
    Spelling("neg", "negative"),
    Spelling("abs", "abs absolute fabs"),
    Spelling("square", "square"),
    Spelling("cube", "pow power", lambda tf, f, x: f(x, 3)),
    Spelling("power_half", "pow power", lambda tf, f, x: f(x, 0.5)),
    Spelling("power_minus_two", "pow power", lambda tf, f, x: f(x, -2.0)),
    Spelling("sqrt", "sqrt"),
    Spelling("cbrt", "cbrt"),
    Spelling("rsqrt", "rsqrt"),
    Spelling("reciprocal", "reciprocal"),
    Spelling("reciprocal_no_nan", "reciprocal_no_nan"),
    Spelling("sign", "sign"),
    Spelling("floor", "floor"),
    Spelling("ceil", "ceil"),
    Spelling("round", "round"),
    Spelling("rint", "rint"),
    Spelling("trunc", "trunc fix"),
    Spelling("sin", "sin"),
    Spelling("cos", "cos"),
    Spelling("tan", "tan"),
    Spelling("asin", "asin arcsin"),
    Spelling("acos", "acos arccos"),
    Spelling("atan", "atan arctan"),
    Spelling("sinh", "sinh"),
    Spelling("cosh", "cosh"),
    Spelling("tanh", "tanh"),
    Spelling("asinh", "asinh arcsinh"),
    Spelling("acosh", "acosh arccosh"),
    Spelling("atanh", "atanh arctanh"),
    Spelling("sinc", "sinc"),
    Spelling("deg2rad", "deg2rad"),
    Spelling("rad2deg", "rad2deg"),
    Spelling("ldexp", "ldexp", lambda tf, f, x: f(x, 3)),
    Spelling("nan_to_num", "nan_to_num"),
    Spelling(
        "identity", "tf.identity linear positive real conj conjugate copy convert_to_tensor constant array asarray"
    ),
    Spelling("identity", "asanyarray ascontiguousarray squeeze atleast_1d"),
    Spelling("identity", "cast", lambda tf, f, x: f(x, x.dtype)),
    Spelling("nan_to_num", "saturate_cast", lambda tf, f, x: f(x, x.dtype)),
    Spelling("identity", "ensure_shape", lambda tf, f, x: f(x, x.shape)),
    # exponentials and logarithms
    Spelling("exp", "exp exponential"),
    Spelling("exp2", "exp2"),
    Spelling("expm1", "expm1"),
    Spelling("log", "log"),
    Spelling("log1p", "log1p"),
    Spelling("log2", "log2"),
    Spelling("log10", "log10"),
    Spelling("x_log_x", "xlogy", lambda tf, f, x: f(x, x)),
    Spelling("sigmoid", "sigmoid"),
    Spelling("log_sigmoid", "log_sigmoid"),
    Spelling("softplus", "softplus"),
    # special functions
    Spelling("erf", "erf"),
    Spelling("erfc", "erfc"),
    Spelling("erfinv", "erfinv"),
    Spelling("erfcinv", "erfcinv"),
    Spelling("ndtri", "ndtri"),
    Spelling("lgamma", "lgamma"),
    Spelling("digamma", "digamma"),
    Spelling("polygamma_1", "polygamma", lambda tf, f, x: f(tf.ones_like(x), x)),
    Spelling("zeta", "zeta"),
    Spelling("igamma", "igamma"),
    Spelling("igammac", "igammac"),
    Spelling("betainc", "betainc"),
    Spelling("dawsn", "dawsn"),
    Spelling("expint", "expint"),
    Spelling("fresnel_cos", "fresnel_cos"),
    Spelling("fresnel_sin", "fresnel_sin"),
    Spelling("spence", "spence"),
    Spelling("bessel_i0", "bessel_i0 i0"),
    Spelling("bessel_i0e", "bessel_i0e"),
    Spelling("bessel_i1", "bessel_i1"),
    Spelling("bessel_i1e", "bessel_i1e"),
    Spelling("bessel_j0", "bessel_j0"),
    Spelling("bessel_j1", "bessel_j1"),
    Spelling("bessel_y0", "bessel_y0"),
    Spelling("bessel_y1", "bessel_y1"),
    Spelling("bessel_k0", "bessel_k0"),
    Spelling("bessel_k0e", "bessel_k0e"),
    Spelling("bessel_k1", "bessel_k1"),
    Spelling("bessel_k1e", "bessel_k1e"),
    # activations
    Spelling("relu", "relu"),
    Spelling("relu6", "relu6"),
    Spelling("leaky_relu", "tf.nn.leaky_relu", lambda tf, f, x: f(x, alpha=0.25)),
    Spelling(
        "leaky_relu",
        "tf.keras.activations.leaky_relu tf.keras.ops.leaky_relu tf.keras.ops.nn.leaky_relu",
        lambda tf, f, x: f(x, negative_slope=0.25),
    ),
    Spelling("elu", "elu"),
    Spelling("selu", "selu"),
    Spelling("celu", "celu", lambda tf, f, x: f(x, alpha=2.0)),
    Spelling("softsign", "softsign"),
    Spelling("silu", "silu swish"),
    Spelling("gelu", "gelu", lambda tf, f, x: f(x, approximate=False)),
    Spelling("gelu_approximate", "gelu", lambda tf, f, x: f(x, approximate=True)),
    Spelling("mish", "mish"),
    Spelling("hard_sigmoid", "hard_sigmoid"),
    Spelling("hard_silu", "hard_silu hard_swish"),
    Spelling("hard_tanh", "hard_tanh"),
    Spelling("hard_shrink", "hard_shrink"),
    Spelling("soft_shrink", "soft_shrink"),
    Spelling("tanh_shrink", "tanh_shrink"),
    Spelling("threshold", "threshold", lambda tf, f, x: f(x, 0.5, 0.25)),
    Spelling("squareplus", "squareplus"),
    Spelling("sparse_plus", "sparse_plus"),
    Spelling("sparse_sigmoid", "sparse_sigmoid"),
    # two arguments
    Spelling("add", "add"),
    Spelling("add", "add_n accumulate_n", lambda tf, f, a, b: f([a, b])),
    Spelling("subtract", "subtract"),
    Spelling("multiply", "multiply"),
    Spelling("divide", "divide truediv true_divide realdiv"),
    Spelling("divide_no_nan", "divide_no_nan"),
    Spelling("multiply_no_nan", "multiply_no_nan"),
    Spelling("squared_difference", "squared_difference"),
    Spelling("pow", "pow power float_power"),
    Spelling("atan2", "atan2 arctan2"),
    Spelling("hypot", "tf.experimental.numpy.hypot"),
    Spelling("hypot_scaled", "tf.keras.ops.hypot tf.keras.ops.numpy.hypot"),
    Spelling("maximum", "maximum"),
    Spelling("minimum", "minimum"),
    Spelling("fmax", "fmax"),
    Spelling("fmin", "fmin"),
    Spelling("where", "where", lambda tf, f, a, b: f(a > 0, a * b, a / b)),
    Spelling("where", "select", lambda tf, f, a, b: f([a > 0], [a * b], a / b)),
    Spelling("xlogy", "xlogy"),
    Spelling("xlog1py", "xlog1py"),
    Spelling("xdivy", "xdivy"),
    Spelling("logaddexp", "logaddexp"),
    Spelling("logaddexp2", "logaddexp2"),
    Spelling("floormod", "floormod mod remainder"),
    Spelling("floormod", "divmod", lambda tf, f, a, b: f(a, b)[1]),
    Spelling("floordiv", "floordiv floor_divide"),
    Spelling("floordiv", "divmod", lambda tf, f, a, b: f(a, b)[0]),
    Spelling("fmod", "fmod"),
    Spelling("truncatemod", "truncatemod"),
    Spelling("heaviside", "heaviside"),
    Spelling("nextafter", "nextafter"),
    # several arguments, and losses
    Spelling("clip_by_value", "clip_by_value clip"),
    Spelling(
        "sigmoid_cross_entropy",
        "sigmoid_cross_entropy_with_logits",
        lambda tf, f, a, b: f(labels=b, logits=a),
    ),
    Spelling(
        "sigmoid_cross_entropy",
        "tf.keras.ops.binary_crossentropy tf.keras.ops.nn.binary_crossentropy",
        lambda tf, f, a, b: f(b, a, from_logits=True),
    ),
    Spelling(
        "sigmoid_cross_entropy",
        "tf.keras.losses.binary_crossentropy",
        lambda tf, f, a, b: f(b[..., None], a[..., None], from_logits=True),
    ),
    Spelling(
        "weighted_cross_entropy",
        "weighted_cross_entropy_with_logits",
        lambda tf, f, a, b, w: f(labels=b, logits=a, pos_weight=w),
    ),
    Spelling("log_poisson_loss", "log_poisson_loss", lambda tf, f, a, b: f(targets=b, log_input=a)),
    Spelling(
        "log_poisson_loss_full",
        "log_poisson_loss",
        lambda tf, f, a, b: f(targets=b, log_input=a, compute_full_loss=True),
    ),
    Spelling("binary_crossentropy", "tf.keras.losses.binary_crossentropy", loss),
    Spelling(
        "binary_crossentropy",
        "tf.keras.ops.binary_crossentropy tf.keras.ops.nn.binary_crossentropy",
        lambda tf, f, a, b: f(b, a),
    ),
    Spelling("binary_focal_crossentropy", "binary_focal_crossentropy", loss),
    Spelling("kl_divergence", "kullback_leibler_divergence kld KLD", loss),
    Spelling("poisson", "poisson", loss),
    Spelling("mean_squared_error", "mse MSE", loss),
    Spelling("mean_absolute_error", "mae MAE", loss),
    Spelling("mean_absolute_percentage_error", "mape MAPE", loss),
    Spelling("mean_squared_logarithmic_error", "msle MSLE", loss),
    Spelling("huber", "huber", loss),
    Spelling("log_cosh", "logcosh", loss),
    Spelling("hinge", "hinge", lambda tf, f, x: f(-tf.ones_like(x)[..., None], x[..., None])),
    Spelling("squared_hinge", "squared_hinge", lambda tf, f, x: f(-tf.ones_like(x)[..., None], x[..., None])),
    # arrays
    Spelling("matmul", "matmul dot"),
    Spelling("matvec", "tf.keras.ops.matmul tf.keras.ops.dot tf.experimental.numpy.matmul tf.experimental.numpy.dot"),
    Spelling("einsum", "einsum", lambda tf, f, a, b: f("ij,kj->ik", a, b)),
    Spelling("einsum", "inner"),
    Spelling("tensordot", "tensordot", lambda tf, f, a, b: f(a, b, axes=2)),
    Spelling("tensordot", "vdot", lambda tf, f, a, b: f(tf.reshape(a, [-1]), tf.reshape(b, [-1]))),
    Spelling("reduce_sum", "reduce_sum sum nansum", lambda tf, f, x: f(x, axis=1)),
    Spelling("reduce_mean", "reduce_mean mean nanmean average"),
    Spelling("reduce_prod", "reduce_prod prod nanprod", lambda tf, f, x: f(x, axis=1)),
    Spelling("reduce_max", "reduce_max max amax nanmax", lambda tf, f, x: f(x, axis=1)),
    Spelling("logsumexp", "reduce_logsumexp logsumexp", lambda tf, f, x: f(x, axis=1)),
    Spelling("softmax", "softmax"),
    Spelling("log_softmax", "log_softmax"),
    Spelling("norm", "norm"),
    Spelling("broadcast_add", "add bias_add"),
    Spelling("broadcast_multiply", "multiply"),
    Spelling("broadcast_divide", "divide truediv true_divide realdiv"),
    Spelling(
        "softmax_cross_entropy",
        "softmax_cross_entropy_with_logits",
        lambda tf, f, x: f(labels=soft_labels(tf, x), logits=x),
    ),
    Spelling(
        "softmax_cross_entropy",
        "categorical_crossentropy",
        lambda tf, f, x: f(soft_labels(tf, x), x, from_logits=True),
    ),
    Spelling(
        "sparse_softmax_cross_entropy",
        "sparse_softmax_cross_entropy_with_logits",
        lambda tf, f, x: f(labels=(2, 0), logits=x),
    ),
    Spelling(
        "sparse_softmax_cross_entropy",
        "sparse_categorical_crossentropy",
        lambda tf, f, x: f(tf.constant((2, 0)), x, from_logits=True),
    ),
)


class Reason(NamedTuple):
    """Why some differentiable functions have no row."""

    why: str
    names: str  # with blanks between them


REASONS = (
    Reason(
        "array function: moves, copies or leaves out elements",
        "append array_split atleast_2d atleast_3d batch_to_space boolean_mask broadcast_arrays broadcast_to"
        " collapse_repeated compress concat concatenate depth_to_space diag diagflat diagonal dsplit dstack"
        " dynamic_partition dynamic_stitch embedding_lookup expand_dims extract_sequences extract_volume_patches fill"
        " flatten flip fliplr flipud fold full full_like gather gather_nd get_item get_static_value hsplit hstack"
        " identity_n meshgrid moveaxis pad ravel rearrange repeat reshape reverse reverse_sequence roll rot90 slice"
        " slice_update space_to_batch space_to_batch_nd space_to_depth split stack strided_slice swapaxes take"
        " take_along_axis tile transpose tril triu tuple unfold unstack vsplit vstack",
    ),
    Reason(
        "array function: scatters and sums over segments",
        "bincount embedding_lookup_sparse safe_embedding_lookup_sparse scatter scatter_nd scatter_update segment_max"
        " segment_mean segment_min segment_prod segment_sum tensor_scatter_nd_add tensor_scatter_nd_max"
        " tensor_scatter_nd_min tensor_scatter_nd_sub tensor_scatter_nd_update unsorted_segment_max"
        " unsorted_segment_mean unsorted_segment_min unsorted_segment_prod unsorted_segment_sqrt_n"
        " unsorted_segment_sum",
    ),
    Reason(
        "array function: sums, products and differences along an axis",
        "cumprod cumsum cumulative_logsumexp diff nancumprod nancumsum trace trapezoid",
    ),
    Reason(
        "array function: picks by size",
        "amin approx_max_k approx_top_k histogram max_pool_with_argmax median min nanmedian nanmin"
        " nanpercentile nanquantile percentile ptp quantile reduce_min sort top_k unique unique_with_counts",
    ),
    Reason(
        "array function: moments of the whole array",
        "corrcoef moments nanstd nanvar normalize_moments reduce_std reduce_variance std sufficient_statistics var"
        " weighted_moments",
    ),
    Reason(
        "array function: scales by a norm or by moments of the whole array",
        "batch_norm_with_global_normalization clip_by_global_norm clip_by_norm l2_normalize layer_normalization"
        " local_response_normalization lrn normalize rms_normalization",
    ),
    Reason(
        "array function: couples its elements by a formula of its own",
        "crelu dot_product_attention glu isotonic_regression l2_loss lbeta sparsemax vander",
    ),
    Reason(
        "array function: a loss over classes, samples or paths",
        "categorical_focal_crossentropy categorical_generalized_cross_entropy categorical_hinge circle"
        " compute_average_loss cosine_similarity ctc ctc_loss dice nce_loss psnr sampled_softmax_loss"
        " scale_regularization_loss tversky",
    ),
    Reason("array function: the row `norm` by a kernel of its own, EuclideanNorm", "reduce_euclidean_norm"),
    Reason("array function: products of arrays", "cdist correlate cross kron outer"),
    Reason(
        "array function: linear algebra",
        "cholesky cholesky_inverse det eig eigh eigvals inv logdet lstsq lu_factor matrix_square_root pinv qr slogdet"
        " solve solve_triangular svd",
    ),
    Reason(
        "array function: convolution and pooling",
        "adaptive_average_pool adaptive_max_pool atrous_conv2d atrous_conv2d_transpose average_pool avg_pool avg_pool1d"
        " avg_pool2d avg_pool3d conv conv1d conv1d_transpose conv2d conv2d_transpose conv3d conv3d_transpose"
        " conv_transpose convolution depthwise_conv depthwise_conv2d depthwise_conv2d_backprop_filter"
        " depthwise_conv2d_backprop_input dilation2d erosion2d fractional_avg_pool fractional_max_pool max_pool"
        " max_pool1d max_pool2d max_pool3d pool separable_conv separable_conv2d with_space_to_batch",
    ),
    Reason("array function: Fourier transforms", "fft fft2 ifft2 irfft istft rfft stft"),
    Reason("elementwise, in five inputs: sums and products, each of which is a row", "batch_normalization"),
    Reason("elementwise, in an input and its coefficients: sums and products, each of which is a row", "polyval"),
    Reason("elementwise: the row `multiply` with a number first", "scalar_mul"),
    Reason("elementwise: the step trunc(a / b), whose gradient is None", "truncatediv"),
    Reason("of complex numbers", "complex polar view_as_complex view_as_real"),
    Reason("reads the bits of a float as another type", "view"),
    Reason("draws random numbers", "dropout general_dropout stateless_dropout"),
    Reason(
        "makes an array of lengths, ends or parameters of a grid",
        "arange bartlett blackman eye geomspace hamming hanning kaiser linspace logspace one_hot range tri",
    ),
    Reason(
        "the derivative is that of the functions handed in",
        "associative_scan case cond custom_gradient foldl foldr fori_loop function grad_pass_through jvp map map_fn"
        " numpy_function py_function recompute_grad scan switch switch_case vectorized_map while_loop",
    ),
    Reason("the identity, and no gradient on purpose", "stop_gradient"),
    Reason("the identity of what is promised to be constant; no gradient is registered", "guarantee_const"),
)

#: What the walk cannot call, and why that hides no row.
UNCALLED = (
    Reason("no kernel on a CPU", "approx_min_k conv2d_backprop_filter_v2 conv2d_backprop_input_v2"),
    Reason("array function: Fourier transforms; no kernel on a CPU", "fftnd ifftnd irfftnd rfftnd"),
    Reason("array function: stacks; in a graph only", "parallel_stack"),
    Reason("of types, shapes, protocol buffers or names", "as_dtype broadcast_static_shape deserialize get issubdtype"),
    Reason("of types, shapes, protocol buffers or names", "import_graph_def make_ndarray promote_types"),
    Reason("of integers", "invert_permutation sobol_sample"),
    Reason("its answer is integers", "ctc_beam_search_decoder ctc_decode ctc_greedy_decoder in_top_k multi_hot"),
    Reason(
        "draws random numbers",
        "all_candidate_sampler compute_accidental_hits fixed_unigram_candidate_sampler"
        " learned_unigram_candidate_sampler",
    ),
    Reason("of ragged arrays: moves elements", "ragged_fill_empty_rows ragged_fill_empty_rows_grad"),
    Reason("asks for derivatives", "gradients hessians"),
    Reason(
        "asks or changes the process",
        "check_pinned executing_eagerly experimental_enable_numpy_behavior get_current_name_scope get_logger init_scope"
        " inside_function load_library load_op_library no_gradient register_tensor_conversion_function",
    ),
    Reason("refused by this backend of Keras", "vectorize"),
    Reason("the row `round`, but it raises: a tensor has no `astype`", "tf.experimental.numpy.round around"),
)


class Refusal(NamedTuple):
    """Dtypes that some functions refuse, or answer in another dtype."""

    names: str  # how the dotted names begin
    dtypes: Tuple[str, ...]
    says: str  # what the complaint contains
    why: str


REFUSALS = (
    Refusal(
        "tf.experimental.numpy.", ("bfloat16",), "raised", "types are promoted as NumPy does, which has no bfloat16"
    ),
    Refusal(
        "tf.keras.losses.MSLE",
        ("float16", "bfloat16"),
        "the answer is float32",
        "Keras clips at a float32 tensor, where the other losses clip at a Python number",
    ),
)


def dotted(word: str) -> List[str]:
    """The dotted names that a word of the table may stand for."""
    return [word] if "." in word else [space + "." + word for space in NAMESPACES]


def words(rows: Tuple[Any, ...]) -> List[str]:
    """All words of a part of the table."""
    return [word for row in rows for word in row.names.split()]
