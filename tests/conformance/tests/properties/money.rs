//! Money comes, goes, and moves; owners change what is theirs; time passes.

use alloy::primitives::{Address, Bytes, U256};
use fairgrid_conformance::abi::{Hub, Registry, Resources, Rlc};
use protocol::Amount;
use protocol::settlement::KITTY;

use crate::book::{Broken, Nrlc, hold};
use crate::dice::Dice;
use crate::world::{BROKER, CALLBACKS, REQUESTERS, SPONSOR, STRANGER, WALLET, WORKERS, World, who};

impl World {
    /// Somebody with stake and a key, or the wallet.
    fn holder(&self, dice: &mut Dice) -> Address {
        match dice.below(6) {
            0 => WALLET,
            1 => who(dice.pick(&REQUESTERS)),
            2 => who(SPONSOR),
            3 => who(1 + dice.below(9) as u64),
            _ => who(WORKERS.start + dice.below(12) as u64),
        }
    }

    /// Anybody, the hub and the kitty among them.
    fn anybody(&self, dice: &mut Dice) -> Address {
        match dice.below(8) {
            0 => self.book.hub,
            1 => KITTY,
            2 => CALLBACKS[0],
            _ => self.holder(dice),
        }
    }

    /// Mostly a small part of what an account has; seldom all, or nothing.
    fn part(&self, account: Address, dice: &mut Dice) -> Nrlc {
        let held = self.book.balance(account);
        match dice.below(20) {
            0 => 0,
            1 => held,
            2 => held.min(1),
            _ => held * dice.below(1_000) as Nrlc / 20_000,
        }
    }

    pub(crate) fn money(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let (from, to) = (self.holder(dice), self.anybody(dice));
        let part = self.part(from, dice);
        let amount = U256::from(part);
        match dice.below(10) {
            0 => self.deposit(dice),
            1 => self.expect(from, &Hub::withdrawCall { amount }, Some(true)).map(drop),
            2 => {
                let target = if dice.chance(30) { self.book.hub } else { to };
                self.expect(from, &Hub::withdrawToCall { amount, target }, Some(true))?;
                if target == self.book.hub {
                    self.book.gifts += part;
                }
                Ok(())
            }
            3 | 4 => self.expect(from, &Hub::transferCall { to, amount }, Some(true)).map(drop),
            5 => self.spend_allowance(from, to, part, dice),
            6 => {
                let gift = dice.below(1_000_000) as u64;
                let call = Rlc::transferCall { to: self.book.hub, amount: U256::from(gift) };
                hold!(self.send_to(self.market.owner, self.market.rlc, &call)?, "the owner has all tokens");
                self.book.gifts += Nrlc::from(gift);
                self.book.mix.count("gifts to the hub");
                Ok(())
            }
            7 => self.recover(),
            8 => {
                // The callee is a contract that takes no approvals, or no contract at all.
                let spender = dice.pick(&[CALLBACKS[1], CALLBACKS[2], self.book.hub]);
                self.forbidden(from, &Hub::approveAndCallCall { spender, amount, data: Bytes::new() })
            }
            _ => {
                let call = Hub::increaseAllowanceCall { spender: to, amount };
                self.expect(from, &call, Some(true))?;
                self.expect(from, &Hub::decreaseAllowanceCall { spender: to, amount }, Some(true)).map(drop)
            }
        }
    }

    /// In one of the ways in, for oneself or for others.
    fn deposit(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let (from, target) = (self.market.owner, self.anybody(dice));
        let part = U256::from(dice.below(3_000_000_000) as u64);
        match dice.below(4) {
            0 => {
                let call = Rlc::approveAndCallCall { spender: self.book.hub, amount: part, data: Bytes::new() };
                hold!(self.send_to(from, self.market.rlc, &call)?, "a deposit by approval is refused");
                return Ok(());
            }
            1 => {
                self.forbidden(who(STRANGER), &Hub::depositCall { amount: part + U256::from(1) })?;
                return self.expect(who(STRANGER), &Hub::depositCall { amount: U256::ZERO }, Some(true)).map(drop);
            }
            _ => {}
        }
        let amount = part * U256::from(2);
        let approve = Rlc::approveCall { spender: self.book.hub, amount };
        hold!(self.send_to(from, self.market.rlc, &approve)?, "an approval is refused");
        let targets = vec![target, self.anybody(dice)];
        let nobody = vec![target, Address::ZERO];
        let amounts = vec![part; 2];
        self.forbidden(from, &Hub::depositForArrayCall { amounts: amounts.clone(), targets: nobody })?;
        self.expect(from, &Hub::depositForArrayCall { amounts, targets }, Some(true)).map(drop)
    }

    fn spend_allowance(&mut self, from: Address, to: Address, part: Nrlc, dice: &mut Dice) -> Result<(), Broken> {
        let spender = self.holder(dice);
        let amount = U256::from(part);
        self.expect(from, &Hub::approveCall { spender, amount }, Some(true))?;
        if part > 0 {
            let much = amount + U256::from(1);
            self.forbidden(spender, &Hub::transferFromCall { from, to, amount: much })?;
        }
        self.expect(spender, &Hub::transferFromCall { from, to, amount }, Some(true))?;
        let left = self.market.view(&Hub::allowanceCall { account: from, spender });
        hold!(left.as_ref().is_ok_and(U256::is_zero), "after spending all, {spender} may spend {left:?} of {from}");
        Ok(())
    }

    fn recover(&mut self) -> Result<(), Broken> {
        let owner = self.market.owner;
        let (held, gifts) = (self.book.balance(owner), self.book.gifts);
        self.expect(owner, &Hub::recoverCall {}, Some(true))?;
        let gained = self.book.balance(owner) - held;
        hold!(gained == gifts, "recovered {gained}, sent by mistake were {gifts}");
        self.book.gifts = 0;
        if gifts > 0 {
            self.book.mix.count("gifts recovered");
        }
        Ok(())
    }

    pub(crate) fn rule(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        match dice.below(6) {
            0 => self.change_policy(dice),
            1 => self.hand_over(dice),
            2 => {
                self.broker = if dice.chance(50) { who(BROKER) } else { Address::ZERO };
                let call = Hub::setTeeBrokerCall { broker: self.broker };
                self.expect(self.market.owner, &call, Some(true)).map(drop)
            }
            3 => {
                let gas = U256::from(dice.pick(&[50_000_u64, 200_000, 200_000, 3_000_000]));
                self.expect(self.market.owner, &Hub::setCallbackGasCall { gas }, Some(true)).map(drop)
            }
            4 => {
                let score = if dice.chance(15) {
                    self.giants = true;
                    U256::from(1) << 140
                } else {
                    U256::from(dice.pick(&[0_u64, 1, 8, 9, 12, 30, 77, 1_000]))
                };
                let worker = who(WORKERS.start + dice.below(12) as u64);
                self.set_score(worker, score);
                Ok(())
            }
            _ => {
                self.forbidden(who(STRANGER), &Hub::setTeeBrokerCall { broker: who(STRANGER) })?;
                self.forbidden(who(STRANGER), &Hub::importScoreCall { worker: who(WORKERS.start) })
            }
        }
    }

    /// Later deals follow; those that were made do not.
    fn change_policy(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let pool = self.pools[0];
        let (stake, reward) = (dice.pick(&[0_u64, 30, 35, 100, 250]), dice.pick(&[0_u64, 1, 17, 100]));
        let call = Resources::changePolicyCall { stake: U256::from(stake), reward: U256::from(reward) };
        hold!(!self.send_to(who(STRANGER), pool, &call)?, "a stranger changes a pool's policy");
        let owner = self.owners[&pool];
        if owner != WALLET {
            hold!(self.send_to(owner, pool, &call)?, "the owner may not change the policy");
            self.book.mix.count("policies changed");
        }
        Ok(())
    }

    /// A resource's token goes to somebody else: new orders are the new owner's, deals stay the old one's.
    fn hand_over(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let kind = dice.below(3);
        let resource = [self.app, self.dataset, self.pools[0]][kind];
        let from = self.owners[&resource];
        if from == WALLET {
            return Ok(());
        }
        let to = match kind {
            0 => who(dice.pick(&[1, 5])),
            1 => who(dice.pick(&[4, 6])),
            _ => dice.pick(&[who(2), who(7), WALLET]),
        };
        let give = Registry::transferFromCall { from, to, id: U256::from_be_bytes(resource.into_word().0) };
        let registry = self.market.registries[kind];
        hold!(!self.send_to(who(STRANGER), registry, &give)?, "a stranger gives {resource} away");
        hold!(self.send_to(from, registry, &give)?, "the owner may not give {resource} away");
        self.owners.insert(resource, to);
        self.book.mix.count("resources handed over");
        Ok(())
    }

    pub(crate) fn wait(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        let clock = self.now();
        let seconds = dice.below(400) as u64;
        let target = match self.task(dice, crate::task::TaskRow::is_open) {
            Some(task) if dice.chance(55) => {
                let row = &self.book.tasks[&task];
                let deadlines = [row.contribute_before, row.reveal_before, row.reveal_before, row.final_before];
                dice.pick(&deadlines) + dice.pick(&[0, 1, 2])
            }
            _ => clock + 1 + seconds,
        };
        self.market.evm.now = clock.max(target.saturating_sub(1));
        let now = self.now();
        self.note(|| format!("  time {clock} -> {now}"));
        Ok(())
    }

    /// Deposits of everybody, for the end.
    pub(crate) fn withdraw_all(&mut self) -> Result<(), Broken> {
        let silent = [KITTY, self.book.hub, CALLBACKS[0]];
        let holders: Vec<_> = self.people().into_iter().filter(|account| !silent.contains(account)).collect();
        for account in holders {
            let amount = U256::from(self.book.balance(account));
            let before = self.tokens(account)?;
            if !amount.is_zero() {
                self.expect(account, &Hub::withdrawCall { amount }, Some(true))?;
                let gained = self.tokens(account)? - before;
                hold!(gained == amount, "{account} withdraws {amount}, and gets {gained}");
            }
        }
        Ok(())
    }

    fn tokens(&mut self, account: Address) -> Result<U256, Broken> {
        let held = self.market.evm.view(self.market.rlc, &Rlc::balanceOfCall { account });
        held.map_err(|reason| format!("RLC of {account}: {reason:?}"))
    }

    /// What the idle have from the start.
    pub(crate) fn idle_money() -> Nrlc {
        let all = Amount::rlc(1_000).to_nrlc() * U256::from(SPONSOR - WORKERS.end);
        crate::book::small(all)
    }
}
