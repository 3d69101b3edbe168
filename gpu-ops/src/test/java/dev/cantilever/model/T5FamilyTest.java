package dev.cantilever.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.cantilever.backend.Activation;
import dev.cantilever.hub.CheckpointException;
import dev.cantilever.hub.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class T5FamilyTest {

  private static final String SIZES =
      "'vocab_size':96,'d_model':16,'d_kv':4,'d_ff':32,'num_layers':2,'num_heads':4";

  @TempDir Path folder;

  /** As transformers 5.17 decides it, whichever transformers has written the config. */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "'model_type':'t5'; 0.25",
        "'model_type':'t5','tie_word_embeddings':true; 0.25",
        "'model_type':'t5','tie_word_embeddings':false; 1",
        "'model_type':'t5','tie_word_embeddings':true,'scale_decoder_outputs':false; 1",
        "'model_type':'t5','tie_word_embeddings':true,'scale_decoder_outputs':true; 0.25",
        "'model_type':'mt5'; 1",
        "'model_type':'mt5','tie_word_embeddings':false; 1",
        "'model_type':'mt5','tie_word_embeddings':true; 1",
      })
  void head_isScaled_inTheFirstVersionAlone(String keys, float scale) throws IOException {
    assertThat(read(keys + ",'decoder_start_token_id':0").head())
        .isEqualTo(new HeadSpec(HeadTying.TIED_UNLESS_STORED, false, 0, scale));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '~',
      value = {
        "'model_type':'t5'; false; RELU",
        "'model_type':'t5','feed_forward_proj':'gelu'; false; GELU",
        "'model_type':'t5','feed_forward_proj':'gated-gelu'; true; GELU_TANH",
        "'model_type':'t5','feed_forward_proj':'gated-silu'; true; SILU",
        "'model_type':'mt5'; true; GELU_TANH",
        "'model_type':'mt5','feed_forward_proj':'relu'; false; RELU",
        "'model_type':'t5','feed_forward_proj':'gated-gelu','dense_act_fn':'gelu'; true; GELU",
        "'model_type':'t5','feed_forward_proj':'relu','is_gated_act':true; true; RELU",
        "'model_type':'t5','feed_forward_proj':'gated-silu','is_gated_act':false; false; SILU"
      })
  void mlp_isWhatTransformersMakesOfItsThreeKeys(String keys, boolean gated, Activation activation)
      throws IOException {
    MlpSpec mlp = read(keys + ",'decoder_start_token_id':0").block().mlp();

    assertThat(mlp.gated()).isEqualTo(gated);
    assertThat(mlp.activation()).isEqualTo(activation);
  }

  @Test
  void tokens_notSaid_areThoseOfTransformers() throws IOException {
    EncoderSpec encoder = read("'model_type':'mt5'").encoder().orElseThrow();

    assertThat(encoder.startToken()).isZero();
    assertThat(encoder.endToken()).isEqualTo(OptionalInt.of(1));
    assertThat(read("'model_type':'mt5','eos_token_id':null").queryEnd()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '~',
      value = {
        "'decoder_start_token_id':96, decoder_start_token_id",
        "'decoder_start_token_id':-1, decoder_start_token_id",
        "'eos_token_id':96, eos_token_id"
      })
  void tokens_outsideOfTheVocabulary_nameKeyAndFile(String keys, String key) {
    assertThatThrownBy(() -> read("'model_type':'mt5'," + keys))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("config.json: expected '" + key + "' to be a token")
        .hasMessageContaining("below 96, found");
  }

  private Architecture read(String keys) throws IOException {
    String config = "{" + keys + "," + SIZES + "}";
    Files.writeString(folder.resolve("config.json"), config.replace('\'', '"'));
    ModelConfig read = ModelConfig.read(folder);
    return Families.of(read).architecture(read);
  }
}
