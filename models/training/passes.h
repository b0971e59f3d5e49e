// SPDX-License-Identifier: Apache-2.0
/// @file
/// Forward and backward pass of each kind of operator. Forward writes Node::value from those of its
/// inputs. Backward, called in reverse order, reads Node::gradient and writes or adds to those of
/// its inputs; the gradients of weights go to a Gradient. Internal to this folder.
#pragma once

#include <vector>

#include "models/training/tape.h"

namespace recpim {

/// What Network does.
void forward_pass(Tape& tape, const Batch& batch);
void backward_pass(Tape& tape, const Batch& batch, const Matrix& logit_gradient,
                   std::vector<Gradient>& gradients);

/// Before backward of an operator: its gradient is there, and 0 where a ReLU or a clip holds.
void mask_gradient(Tape& tape, Node& node);

/// target (+)= from, batch x elements; nothing where nobody wants it.
void pass_on(Tape& tape, const float* from, const Target& target, Index elements);

// inputs_pass.cpp
void forward_dense(Tape& tape, Node& node);
/// All tables at once, each in a task of its own; their outputs are rounded as well.
void forward_embeddings(Tape& tape);
void backward_embeddings(Tape& tape, std::vector<Gradient>& gradients);

// fc_pass.cpp
void forward_fc(Tape& tape, Node& node);
void backward_fc(Tape& tape, Node& node, Gradient& gradient);

// elements_pass.cpp
void forward_join(Tape& tape, Node& node);  ///< kConcat, kPad.
void backward_join(Tape& tape, Node& node);
void forward_add(Tape& tape, Node& node);
void backward_add(Tape& tape, Node& node);
void forward_mul(Tape& tape, Node& node);
void backward_mul(Tape& tape, Node& node);
void forward_sigmoid(Tape& tape, Node& node);
void backward_sigmoid(Tape& tape, Node& node);

// rows_pass.cpp
void forward_layer_norm(Tape& tape, Node& node);
void backward_layer_norm(Tape& tape, Node& node, Gradient& gradient);
void forward_dot(Tape& tape, Node& node);
void backward_dot(Tape& tape, Node& node);
void forward_fm(Tape& tape, Node& node);
void backward_fm(Tape& tape, Node& node);
void forward_attention(Tape& tape, Node& node);
void backward_attention(Tape& tape, Node& node);

}  // namespace recpim
