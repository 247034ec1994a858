package dev.loupe.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.json.JsonMapper;

/** What config.json files of each family say, and what is refused of them. */
class ConfigReadingTest {
  private static final String GPT2 =
      """
      {"activation_function": "gelu_new", "architectures": ["GPT2LMHeadModel"],
       "attn_pdrop": 0.1, "bos_token_id": 50256, "embd_pdrop": 0.1, "eos_token_id": 50256,
       "initializer_range": 0.02, "layer_norm_epsilon": 1e-05, "model_type": "gpt2",
       "n_ctx": 1024, "n_embd": 768, "n_head": 12, "n_layer": 12, "n_positions": 1024,
       "resid_pdrop": 0.1, "summary_activation": null, "summary_first_dropout": 0.1,
       "summary_proj_to_labels": true, "summary_type": "cls_index", "summary_use_proj": true,
       "task_specific_params": {"text-generation": {"do_sample": true, "max_length": 50}},
       "vocab_size": 50257}
      """;
  private static final String PYTHIA =
      """
      {"architectures": ["GPTNeoXForCausalLM"], "bos_token_id": 0, "eos_token_id": 0,
       "hidden_act": "gelu", "hidden_size": 1024, "initializer_range": 0.02,
       "intermediate_size": 4096, "layer_norm_eps": 1e-05, "max_position_embeddings": 2048,
       "model_type": "gpt_neox", "num_attention_heads": 16, "num_hidden_layers": 24,
       "rotary_emb_base": 10000, "rotary_pct": 0.25, "tie_word_embeddings": false,
       "torch_dtype": "float16", "transformers_version": "4.24.0", "use_cache": true,
       "use_parallel_residual": true, "vocab_size": 50304}
      """;
  private static final String LLAMA =
      """
      {"architectures": ["LlamaForCausalLM"], "attention_bias": false, "bos_token_id": 128000,
       "eos_token_id": [128001, 128008, 128009], "hidden_act": "silu", "hidden_size": 2048,
       "head_dim": 64, "intermediate_size": 8192, "max_position_embeddings": 131072,
       "mlp_bias": false, "model_type": "llama", "num_attention_heads": 32,
       "num_hidden_layers": 16, "num_key_value_heads": 8, "pretraining_tp": 1,
       "rms_norm_eps": 1e-05,
       "rope_scaling": {"factor": 32.0, "high_freq_factor": 4.0, "low_freq_factor": 1.0,
         "original_max_position_embeddings": 8192, "rope_type": "llama3"},
       "rope_theta": 500000.0, "tie_word_embeddings": true, "torch_dtype": "bfloat16",
       "transformers_version": "4.45.0", "use_cache": true, "vocab_size": 128256}
      """;
  private static final String MISTRAL =
      """
      {"architectures": ["MistralForCausalLM"], "bos_token_id": 1, "eos_token_id": 2,
       "hidden_act": "silu", "hidden_size": 4096, "initializer_range": 0.02,
       "intermediate_size": 14336, "max_position_embeddings": 32768, "model_type": "mistral",
       "num_attention_heads": 32, "num_hidden_layers": 4, "num_key_value_heads": 8,
       "rms_norm_eps": 1e-05, "rope_theta": 10000.0, "sliding_window": 4096,
       "tie_word_embeddings": false, "torch_dtype": "bfloat16", "use_cache": true,
       "vocab_size": 32000}
      """;
  private static final String QWEN2 =
      """
      {"architectures": ["Qwen2ForCausalLM"], "attention_dropout": 0.0, "bos_token_id": 151643,
       "eos_token_id": 151643, "hidden_act": "silu", "hidden_size": 896,
       "initializer_range": 0.02, "intermediate_size": 4864, "max_position_embeddings": 131072,
       "max_window_layers": 2, "model_type": "qwen2", "num_attention_heads": 14,
       "num_hidden_layers": 4, "num_key_value_heads": 2, "rms_norm_eps": 1e-06,
       "rope_theta": 1000000.0, "sliding_window": 131072, "tie_word_embeddings": true,
       "torch_dtype": "bfloat16", "use_cache": true, "use_sliding_window": false,
       "vocab_size": 151936}
      """;
  private static final String GPT_NEO =
      """
      {"activation_function": "gelu_new", "architectures": ["GPTNeoForCausalLM"],
       "attention_dropout": 0, "attention_layers": ["global", "local", "global", "local"],
       "attention_types": [[["global", "local"], 2]], "bos_token_id": 50256, "embed_dropout": 0,
       "eos_token_id": 50256, "gradient_checkpointing": false, "hidden_size": 768,
       "initializer_range": 0.02, "intermediate_size": null, "layer_norm_epsilon": 1e-05,
       "max_position_embeddings": 2048, "model_type": "gpt_neo", "num_heads": 16,
       "num_layers": 4, "resid_dropout": 0, "summary_activation": null,
       "summary_first_dropout": 0.1, "summary_proj_to_labels": true,
       "summary_type": "cls_index", "summary_use_proj": true, "torch_dtype": "float32",
       "use_cache": true, "vocab_size": 50257, "window_size": 256}
      """;
  private static final Map<String, String> PUBLISHED =
      Map.of(
          "gpt2",
          GPT2,
          "gpt_neox",
          PYTHIA,
          "llama",
          LLAMA,
          "mistral",
          MISTRAL,
          "qwen2",
          QWEN2,
          "gpt_neo",
          GPT_NEO);

  /** Reads a published config with fields set anew; a value of {@code -} takes the field out. */
  private static ModelConfig read(String family, String changes) {
    var fields = new LinkedHashMap<String, Object>();
    var json = JsonMapper.shared();
    json.readTree(PUBLISHED.get(family)).forEachEntry(fields::put);
    for (var change : changes.isEmpty() ? new String[0] : changes.split("; ")) {
      String[] pair = change.split("=", 2);
      if (pair[1].equals("-")) {
        fields.remove(pair[0]);
      } else {
        fields.put(pair[0], json.readTree(pair[1]));
      }
    }
    var reader = new ConfigReader(json.valueToTree(fields), "config.json");
    var config = Architecture.of(family, "config.json").config(reader);
    reader.refuseLeftovers(Set.of());
    return config;
  }

  private static ModelConfig read(String family) {
    return read(family, "");
  }

  @Test
  void publishedGpt2() {
    var c = read("gpt2");
    assertThat(List.of(c.nLayers(), c.nHeads(), c.dModel(), c.dHead(), c.dMlp(), c.nCtx()))
        .containsExactly(12, 12, 768, 64, 3072, 1024);
    assertThat(c.attentionScale(5)).isEqualTo(8);
    assertThat(c.activation()).isEqualTo(Activation.GELU_TANH);
    assertThat(c.tiedEmbeddings()).isTrue();
    assertThat(c.eosTokens()).containsExactly(50256L);
    assertThat(c.positions()).isEqualTo(new Positions.Learned());
  }

  @Test
  void publishedPythia() {
    var c = read("gpt_neox");
    assertThat(c.positions()).isEqualTo(new Positions.Rotary(16, 10000, new RotaryScaling.None()));
    assertThat(c.parallelBlocks()).isTrue();
    assertThat(c.activation()).isEqualTo(Activation.GELU);
    assertThat(c.tiedEmbeddings()).isFalse();
    assertThat(c.dMlp()).isEqualTo(4096);
  }

  @Test
  void publishedLlama() {
    var c = read("llama");
    assertThat(c.positions())
        .isEqualTo(new Positions.Rotary(64, 500000, new RotaryScaling.Llama3(32, 1, 4, 8192)));
    assertThat(List.of(c.nHeads(), c.nKeyValueHeads(), c.dHead())).containsExactly(32, 8, 64);
    assertThat(c.eosTokens()).containsExactly(128001L, 128008L, 128009L);
    assertThat(c.norm()).isEqualTo(Norm.RMS_NORM);
    assertThat(c.gatedMlp()).isTrue();
  }

  @Test
  void publishedMistralQwenAndNeo() {
    assertThat(read("mistral").windows()).containsExactly(4096, 4096, 4096, 4096);
    assertThat(read("qwen2").windows()).containsExactly(0, 0, 0, 0);
    var neo = read("gpt_neo");
    assertThat(neo.windows()).containsExactly(0, 256, 0, 256);
    assertThat(neo.attentionScale(0)).isEqualTo(1);
    assertThat(neo.dMlp()).isEqualTo(3072);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          gpt2 | n_inner=null | dMlp=3072
          gpt2 | n_inner=100 | dMlp=100
          gpt2 | scale_attn_weights=false | attentionScale=1.0
          gpt2 | scale_attn_by_inverse_layer_idx=true | scaleByLayer=true
          gpt2 | activation_function="relu" | activation=RELU
          gpt2 | n_positions=512; n_ctx=512 | nCtx=512
          gpt2 | tie_word_embeddings=false | tiedEmbeddings=false
          gpt2 | eos_token_id=null | eosTokens=[]
          gpt_neox | use_parallel_residual=false | parallelBlocks=false
          gpt_neox | rotary_pct=- | dims=16
          gpt_neox | rotary_pct=1.0 | dims=64
          gpt_neox | rotary_pct=0.5; partial_rotary_factor=0.5 | dims=32
          gpt_neox | rope_theta=10000.0 | base=10000.0
          gpt_neox | rotary_emb_base=5000 | base=5000.0
          gpt_neox | rope_parameters={"rope_type": "default", "rope_theta": 77, "partial_rotary_factor": 0.5} | dims=32, base=77.0
          gpt_neox | hidden_act="gelu_fast" | activation=GELU_TANH
          gpt_neox | attention_probs_dropout_prob=0; hidden_dropout_prob=0 | nLayers=24
          llama | num_key_value_heads=- | nKeyValueHeads=32
          llama | head_dim=- | dHead=64
          llama | head_dim=80 | dHead=80
          llama | rope_scaling=null | scaling=None[]
          llama | rope_scaling={"type": "linear", "factor": 2} | scaling=Linear[factor=2.0]
          llama | rope_scaling={"type": "dynamic", "factor": 4.0} | scaling=Dynamic[factor=4.0, trainedContext=131072]
          llama | rope_scaling={"type": "yarn", "rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 32768} | scaling=Yarn[factor=4.0, betaFast=32.0, betaSlow=1.0, attentionFactor=1.138
          llama | rope_scaling={"rope_type": "yarn", "factor": 4.0, "attention_factor": 2, "truncate": false} | attentionFactor=2.0, trainedContext=131072, truncate=false
          mistral | sliding_window=null | windows=[0, 0, 0, 0]
          mistral | sliding_window=- | windows=[4096, 4096, 4096, 4096]
          mistral | sliding_window=7 | windows=[7, 7, 7, 7]
          qwen2 | use_sliding_window=true; sliding_window=9 | windows=[0, 0, 9, 9]
          qwen2 | use_sliding_window=true; sliding_window=9; max_window_layers=0 | windows=[9, 9, 9, 9]
          qwen2 | use_sliding_window=true; sliding_window=9; layer_types=["sliding_attention", "full_attention", "full_attention", "sliding_attention"] | windows=[9, 0, 0, 9]
          qwen2 | layer_types=["full_attention", "full_attention", "full_attention", "full_attention"]; sliding_window=null | windows=[0, 0, 0, 0]
          gpt_neo | attention_layers=-; attention_types=[[["local"], 1], [["global", "local", "local"], 1]] | windows=[256, 0, 256, 256]
          gpt_neo | attention_types=-; attention_layers=["local", "local", "global", "global"] | windows=[256, 256, 0, 0]
          gpt_neo | window_size=3 | windows=[0, 3, 0, 3]
          gpt_neo | intermediate_size=5 | dMlp=5
          """)
  void whatAFieldMeans(String family, String changes, String expected) {
    assertThat(read(family, changes).toString()).contains(expected);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          gpt2 | n_layer=- | "n_layer" is missing
          gpt2 | n_layer=0 | n_layers 0: expected 1 or more
          gpt2 | n_layer=-3 | n_layers -3: expected 1 or more
          gpt2 | n_layer=1.5 | "n_layer" is 1.5: expected a whole number
          gpt2 | n_layer="12" | "n_layer" is "12": expected a number
          gpt2 | n_head=7 | 7 heads do not divide a width of 768
          gpt2 | n_head=0 | 0 heads do not divide
          gpt2 | vocab_size=1e12 | "vocab_size" is 1.0E12: expected a whole number
          gpt2 | activation_function="mish" | "activation_function" is "mish": expected one of gelu,
          gpt2 | activation_function=3 | "activation_function" is 3: expected a string
          gpt2 | scale_attn_weights="yes" | "scale_attn_weights" is "yes": expected true or false
          gpt2 | layer_norm_epsilon=-1 | eps -1.0: expected from 0 to 1
          gpt2 | add_cross_attention=true | "add_cross_attention" is true, which changes the computation
          gpt2 | pruned_heads={"1": [2]} | "pruned_heads"
          gpt2 | quantization_config={"bits": 4} | "quantization_config" is {"bits":4}, which changes
          gpt2 | rope_theta=10000 | rope_theta = 10000
          gpt2 | brand_new_field=3; another_one=[1] | another_one = [1], brand_new_field = 3. If they do not, name them
          gpt2 | eos_token_id="x" | "eos_token_id" is "x": expected a token id
          gpt2 | eos_token_id=-5 | "eos_token_id" is -5
          gpt2 | bos_token_id=[1, 2] | "bos_token_id" is [1, 2]: expected one token id
          gpt_neox | rotary_pct=0.08 | rotary dimensions 5: expected an even number
          gpt_neox | rotary_pct=0 | "rotary_pct" is 0.0: expected a share above 0
          gpt_neox | rotary_pct=1.5 | "rotary_pct" is 1.5
          gpt_neox | partial_rotary_factor=0.5 | "partial_rotary_factor" is 0.5: expected rotary_pct, which means the same and is 0.25
          gpt_neox | rope_theta=500 | "rope_theta" is 500.0: expected rotary_emb_base
          gpt_neox | rotary_emb_base=1 | rotary base 1.0: expected a number above 1
          gpt_neox | sliding_window=5 | sliding_window = 5
          llama | head_dim=-8 | rotary dimensions -8: expected an even number
          llama | num_key_value_heads=5 | n_key_value_heads 5: expected a divisor of n_heads 32
          llama | sliding_window=4096 | sliding_window = 4096
          llama | layer_types=["sliding_attention"] | layer_types =
          llama | attention_bias=1 | "attention_bias" is 1: expected true or false
          llama | rope_scaling={"rope_type": "su", "factor": 2} | "rope_type" is "su": expected one of default, linear
          llama | rope_scaling={"rope_type": "linear"} | "factor" is missing: expected a number
          llama | rope_scaling={"rope_type": "linear", "factor": 0.5} | factor 0.5: expected 1 or more
          llama | rope_scaling={"rope_type": "linear", "type": "dynamic", "factor": 2} | "type" is "dynamic": expected that of rope_type, "linear"
          llama | rope_scaling={"rope_type": "linear", "factor": 2, "twist": 3} | fields [twist] change the computation
          llama | rope_scaling="linear" | "rope_scaling" is "linear": expected an object
          llama | rope_parameters={"rope_type": "default", "rope_theta": 1e4} | "rope_scaling" is there beside "rope_parameters"
          llama | rope_scaling={"rope_type": "llama3", "factor": 8, "low_freq_factor": 4, "high_freq_factor": 1} | low_freq_factor 4.0: expected below high_freq_factor 1.0
          llama | rope_scaling={"rope_type": "yarn", "factor": 3, "original_max_position_embeddings": 32768} | "factor" is 3.0: expected max_position_embeddings / original
          llama | rope_scaling={"rope_type": "yarn", "factor": 4, "beta_fast": 1, "beta_slow": 2} | beta_fast 1.0: expected beta_slow 2.0 or more
          llama | rope_scaling={"rope_type": "longrope", "short_factor": [1], "long_factor": [2]} | short_factor and long_factor of 1 and 1 numbers: expected 32
          llama | rope_scaling={"rope_type": "longrope", "short_factor": ["x"], "long_factor": [2]} | "short_factor" is ["x"]: expected a list of numbers
          llama | rope_scaling={"full_attention": {"rope_type": "default"}} | fields [full_attention]
          mistral | num_key_value_heads=- | "num_key_value_heads" is missing
          mistral | sliding_window=0 | "sliding_window" is 0: expected 1 or more, or null
          mistral | use_sliding_window=false | use_sliding_window = false
          mistral | attention_bias=true | attention_bias = true
          qwen2 | layer_types=["full_attention"] | "layer_types" is [full_attention]: expected 4 of
          qwen2 | layer_types=["linear", "full_attention", "full_attention", "full_attention"] | expected 4 of full_attention and sliding_attention
          qwen2 | layer_types=["sliding_attention", "full_attention", "full_attention", "full_attention"] | full_attention alone, as there is no sliding_window in use
          qwen2 | layer_types="full_attention" | expected a list of strings
          gpt_neo | attention_layers=-; attention_types=[[["global"], 3]] | "attention_types" is [global, global, global]: expected 4 of global and local
          gpt_neo | attention_layers=-; attention_types=[[["global"], 1000000000]] | how often each comes
          gpt_neo | attention_layers=-; attention_types=["global"] | how often each comes
          gpt_neo | attention_layers=["global", "global", "local", "local"] | expected what attention_layers says
          gpt_neo | attention_types=-; attention_layers=["global", "banded", "local", "local"] | banded
          gpt_neo | window_size=0 | "window_size" is 0: expected 1 or more
          """)
  void whatIsRefused(String family, String changes, String expected) {
    assertThatThrownBy(() -> read(family, changes.strip()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(expected);
  }

  @Test
  void anUnknownFamilyIsRefusedWithThoseThereAre() {
    assertThatThrownBy(() -> Architecture.of("t5", "config.json"))
        .hasMessageContaining("\"t5\": expected one of gpt2, gpt_neox, llama, mistral, qwen2")
        .hasMessageContaining("gpt_neo");
  }

  @Test
  void aFieldVouchedForIsIgnored() {
    var json =
        JsonMapper.shared().readTree(GPT2.replaceFirst("\\{", "{\"my_note\": 1, \"other\": 2,"));
    var reader = new ConfigReader(json, "config.json");
    new Gpt2Architecture().config(reader);
    assertThatThrownBy(() -> reader.refuseLeftovers(Set.of("my_note")))
        .hasMessageContaining("other = 2")
        .message()
        .doesNotContain("my_note");
    reader.refuseLeftovers(Set.of("my_note", "other"));
  }

  @Test
  void everyFieldThatAnArchitectureReadsIsOfAPublishedName() {
    // A field that has the wrong case or a typo must not pass as absent.
    for (var family : PUBLISHED.keySet()) {
      var upper =
          PUBLISHED.get(family).lines().collect(Collectors.joining()).replace("vocab_", "Vocab_");
      var reader = new ConfigReader(JsonMapper.shared().readTree(upper), "config.json");
      assertThatThrownBy(() -> Architecture.of(family, "config.json").config(reader))
          .hasMessageContaining("\"vocab_size\" is missing");
    }
  }
}
